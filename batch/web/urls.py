"""Every address of the site, by area. Each area has its own modules of views."""

from __future__ import annotations

from django.urls import include, path

from batch.web import accounts, home, middleware
from batch.web.administration import audit_log, views
from batch.web.auth import views
from batch.web.batches import action_views, views
from batch.web.drafts import correction_views, views

_ENTRY = [
    path("", home.home, name="home"),
    path("balance", home.main_balance, name="main-balance"),
    path("login", views.log_in, name="login"),
    path("logout", views.log_out, name="logout"),
    path("setup/<str:secret>", views.setup, name="setup"),
    path("invitation/<str:secret>", views.invitation, name="invitation"),
    path("welcome", views.welcome, name="welcome"),
    path("profile", views.profile, name="profile"),
    path("profile/password", views.password, name="password"),
    path("profile/authenticator", views.authenticator, name="authenticator"),
    path("profile/authenticator/remove", views.remove, name="authenticator-remove"),
]
_ADMINISTRATION = [
    path("", views.overview, name="administration"),
    path("people", views.people, name="people"),
    path("people/new", views.new, name="person-new"),
    path("people/<int:pk>", views.person, name="person"),
    path("people/<int:pk>/link", views.link, name="person-link"),
    path("people/<int:pk>/authenticator", views.forget_authenticator, name="person-authenticator"),
    path("connection", views.connection, name="connection"),
    path("connection/test", views.test, name="connection-test"),
    path("settings", views.rules, name="site-settings"),
    path("log", audit_log.auditlog, name="audit-log"),
    path("log.csv", audit_log.export, name="audit-log-csv"),
]
_DRAFTS = [
    path("new", views.upload, name="upload"),
    path("samples/<str:name>", views.sample, name="sample"),
    path("<uuid:pk>", views.draft, name="draft"),
    path("<uuid:pk>/accounts", views.accounts, name="draft-accounts"),
    path("<uuid:pk>/changes/<int:number>", views.changes, name="draft-changes"),
    path("<uuid:pk>/file/<int:number>", views.original, name="draft-file"),
    path("<uuid:pk>/annotated", correction_views.annotated, name="draft-annotated"),
    path("<uuid:pk>/cell/<int:row>/<int:column>", correction_views.cell, name="draft-cell"),
    path("<uuid:pk>/reading", correction_views.reading, name="draft-reading"),
    path("<uuid:pk>/options", correction_views.options, name="draft-options"),
    path("<uuid:pk>/replace", correction_views.replace_file, name="draft-replace"),
    path("<uuid:pk>/check", correction_views.check, name="draft-check"),
    path("<uuid:pk>/approve", views.approve, name="draft-approve"),
    path("<uuid:pk>/reject", views.reject, name="draft-reject"),
]
_BATCHES = [
    path("", views.history, name="history"),
    path("start/<uuid:draft>", action_views.start, name="start"),
    path("unschedule/<uuid:draft>", action_views.unschedule, name="unschedule"),
    path("<str:batch>/", views.batch, name="batch"),
    path("<str:batch>/rows/<int:row>", views.row, name="batch-row"),
    path("<str:batch>/rows/<int:row>/decide", action_views.decide_row, name="decide"),
    path("<str:batch>/stop", action_views.stop, name="stop"),
    path("<str:batch>/resume", action_views.resume, name="resume"),
    path("<str:batch>/give-up", action_views.give_up, name="give-up"),
    path("<str:batch>/again", action_views.send_again, name="send-again"),
    path("<str:batch>/files/<str:kind>", action_views.batch_file, name="batch-file"),
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
