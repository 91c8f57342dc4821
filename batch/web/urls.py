"""Every address of the site, by area. Each area has its own modules of views."""

from __future__ import annotations

from django.urls import include, path

from batch.web import accounts, home, middleware
from batch.web.administration import audit_log
from batch.web.administration import views as administration
from batch.web.auth import views as auth
from batch.web.batches import action_views as actions
from batch.web.batches import views as batches
from batch.web.drafts import correction_views as corrections
from batch.web.drafts import views as drafts

_ENTRY = [
    path("", home.home, name="home"),
    path("balance", home.main_balance, name="main-balance"),
    path("login", auth.log_in, name="login"),
    path("logout", auth.log_out, name="logout"),
    path("setup/<str:secret>", auth.setup, name="setup"),
    path("invitation/<str:secret>", auth.invitation, name="invitation"),
    path("welcome", auth.welcome, name="welcome"),
    path("profile", auth.profile, name="profile"),
    path("profile/password", auth.password, name="password"),
    path("profile/authenticator", auth.authenticator, name="authenticator"),
    path("profile/authenticator/remove", auth.remove, name="authenticator-remove"),
]
_ADMINISTRATION = [
    path("", administration.overview, name="administration"),
    path("people", administration.people, name="people"),
    path("people/new", administration.new, name="person-new"),
    path("people/<int:pk>", administration.person, name="person"),
    path("people/<int:pk>/link", administration.link, name="person-link"),
    path("people/<int:pk>/authenticator", administration.forget_authenticator, name="person-authenticator"),
    path("connection", administration.connection, name="connection"),
    path("connection/test", administration.test, name="connection-test"),
    path("settings", administration.rules, name="site-settings"),
    path("log", audit_log.auditlog, name="audit-log"),
    path("log.csv", audit_log.export, name="audit-log-csv"),
]
_DRAFTS = [
    path("new", drafts.upload, name="upload"),
    path("samples/<str:name>", drafts.sample, name="sample"),
    path("<uuid:pk>", drafts.draft, name="draft"),
    path("<uuid:pk>/accounts", drafts.accounts, name="draft-accounts"),
    path("<uuid:pk>/changes/<int:number>", drafts.changes, name="draft-changes"),
    path("<uuid:pk>/file/<int:number>", drafts.original, name="draft-file"),
    path("<uuid:pk>/annotated", corrections.annotated, name="draft-annotated"),
    path("<uuid:pk>/cell/<int:row>/<int:column>", corrections.cell, name="draft-cell"),
    path("<uuid:pk>/reading", corrections.reading, name="draft-reading"),
    path("<uuid:pk>/options", corrections.options, name="draft-options"),
    path("<uuid:pk>/replace", corrections.replace_file, name="draft-replace"),
    path("<uuid:pk>/check", corrections.check, name="draft-check"),
    path("<uuid:pk>/approve", drafts.approve, name="draft-approve"),
    path("<uuid:pk>/reject", drafts.reject, name="draft-reject"),
]
_BATCHES = [
    path("", batches.history, name="history"),
    path("start/<uuid:draft>", actions.start, name="start"),
    path("unschedule/<uuid:draft>", actions.unschedule, name="unschedule"),
    path("<str:batch>/", batches.batch, name="batch"),
    path("<str:batch>/rows/<int:row>", batches.row, name="batch-row"),
    path("<str:batch>/rows/<int:row>/decide", actions.decide_row, name="decide"),
    path("<str:batch>/stop", actions.stop, name="stop"),
    path("<str:batch>/resume", actions.resume, name="resume"),
    path("<str:batch>/give-up", actions.give_up, name="give-up"),
    path("<str:batch>/again", actions.send_again, name="send-again"),
    path("<str:batch>/files/<str:kind>", actions.batch_file, name="batch-file"),
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
handler400 = middleware.bad_request
handler403 = middleware.forbidden
handler404 = middleware.not_found
handler500 = middleware.broken
