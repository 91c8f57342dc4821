"""Every address of the site, by area. Each area has its own modules of views."""

from __future__ import annotations

from django.urls import include, path

from batch.web import errors
from batch.web.accounts import pages as accounts
from batch.web.administration import auditlog, connection, overview, people, rules
from batch.web.drafts import annotating, correcting, deciding, reviewing, uploading
from batch.web.entry import home, links, login, profile, totp
from batch.web.runs import acting, files, history, pages

_ENTRY = [
    path("", home.home, name="home"),
    path("balance", home.main_balance, name="main-balance"),
    path("login", login.log_in, name="login"),
    path("logout", login.log_out, name="logout"),
    path("setup/<str:secret>", links.setup, name="setup"),
    path("invitation/<str:secret>", links.invitation, name="invitation"),
    path("welcome", links.welcome, name="welcome"),
    path("profile", profile.profile, name="profile"),
    path("profile/password", profile.password, name="password"),
    path("profile/authenticator", totp.authenticator, name="authenticator"),
    path("profile/authenticator/remove", totp.remove, name="authenticator-remove"),
]
_ADMINISTRATION = [
    path("", overview.overview, name="administration"),
    path("people", people.people, name="people"),
    path("people/new", people.new, name="person-new"),
    path("people/<int:pk>", people.person, name="person"),
    path("people/<int:pk>/link", people.link, name="person-link"),
    path("people/<int:pk>/authenticator", people.forget_authenticator, name="person-authenticator"),
    path("connection", connection.connection, name="connection"),
    path("connection/test", connection.test, name="connection-test"),
    path("settings", rules.rules, name="site-settings"),
    path("log", auditlog.auditlog, name="audit-log"),
    path("log.csv", auditlog.export, name="audit-log-csv"),
]
_DRAFTS = [
    path("new", uploading.upload, name="upload"),
    path("samples/<str:name>", uploading.sample, name="sample"),
    path("<uuid:pk>", reviewing.draft, name="draft"),
    path("<uuid:pk>/accounts", reviewing.accounts, name="draft-accounts"),
    path("<uuid:pk>/changes/<int:number>", reviewing.changes, name="draft-changes"),
    path("<uuid:pk>/file/<int:number>", reviewing.original, name="draft-file"),
    path("<uuid:pk>/annotated", annotating.annotated, name="draft-annotated"),
    path("<uuid:pk>/cell/<int:row>/<int:column>", correcting.cell, name="draft-cell"),
    path("<uuid:pk>/reading", correcting.reading, name="draft-reading"),
    path("<uuid:pk>/options", correcting.options, name="draft-options"),
    path("<uuid:pk>/replace", correcting.replace_file, name="draft-replace"),
    path("<uuid:pk>/check", correcting.check, name="draft-check"),
    path("<uuid:pk>/approve", deciding.approve, name="draft-approve"),
    path("<uuid:pk>/reject", deciding.reject, name="draft-reject"),
]
_BATCHES = [
    path("", history.history, name="history"),
    path("start/<uuid:draft>", acting.start, name="start"),
    path("unschedule/<uuid:draft>", acting.unschedule, name="unschedule"),
    path("<str:batch>/", pages.batch, name="batch"),
    path("<str:batch>/rows/<int:row>", pages.row, name="batch-row"),
    path("<str:batch>/rows/<int:row>/decide", acting.decide_row, name="decide"),
    path("<str:batch>/stop", acting.stop, name="stop"),
    path("<str:batch>/resume", acting.resume, name="resume"),
    path("<str:batch>/give-up", acting.give_up, name="give-up"),
    path("<str:batch>/again", acting.send_again, name="send-again"),
    path("<str:batch>/files/<str:kind>", files.batch_file, name="batch-file"),
]
_ACCOUNTS = [
    path("", accounts.accounts, name="accounts"),
    path("template.xlsx", accounts.template, name="template"),
    path("<path:token>/", accounts.account, name="account"),
]
urlpatterns = [
    path("", include(_ENTRY)),
    path("administration/", include(_ADMINISTRATION)),
    path("drafts/", include(_DRAFTS)),
    path("batches/", include(_BATCHES)),
    path("accounts/", include(_ACCOUNTS)),
]
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.broken
