"""Every address of the site, by area. Each area has its own modules of views."""

from __future__ import annotations

from django.urls import include, path

from batch.web import accounts, home, middleware
from batch.web.administration import audit_log
from batch.web.administration import views as administration
from batch.web.auth import sso
from batch.web.auth import views as auth
from batch.web.batches import action_views as actions
from batch.web.batches import views as batches
from batch.web.drafts import views as drafts

_ENTRY = [
    path("", home.show_home, name="home"),
    path("balance", home.show_main_balance, name="main-balance"),
    path("login", auth.show_login, name="account_login"),
    path("login/second", auth.show_second_step, name="mfa_authenticate"),
    path("login/passkey", auth.log_in_by_passkey, name="mfa_login_webauthn"),
    path("sso/<str:provider_id>/login", sso.leave_for_provider, name="openid_connect_login"),
    path("sso/<str:provider_id>/callback", sso.come_back, name="openid_connect_callback"),
    path("logout", auth.end_session, name="account_logout"),
    path("confirm", auth.confirm_by_password, name="account_reauthenticate"),
    path("confirm/code", auth.confirm_by_code, name="mfa_reauthenticate"),
    path("confirm/passkey", auth.confirm_by_passkey, name="mfa_reauthenticate_webauthn"),
    path("setup/<str:secret>", auth.open_link, name="setup"),
    path("invitation/<str:secret>", auth.open_link, name="invitation"),
    path("welcome", auth.show_welcome, name="welcome"),
    path("profile", auth.show_profile, name="profile"),
    path("profile/password", auth.change_password, name="password"),
    path("profile/sessions", auth.show_sessions, name="sessions"),
    path("profile/second-factor", auth.show_factors, name="mfa_index"),
    path("profile/second-factor", auth.show_factors, name="mfa_list_webauthn"),
    path("profile/authenticator", auth.enrol_authenticator, name="mfa_activate_totp"),
    path("profile/authenticator/remove", auth.remove_authenticator, name="mfa_deactivate_totp"),
    path("profile/recovery-codes", auth.show_recovery_codes, name="mfa_view_recovery_codes"),
    path("profile/recovery-codes/new", auth.renew_recovery_codes, name="mfa_generate_recovery_codes"),
    path("profile/passkeys/new", auth.add_passkey, name="mfa_add_webauthn"),
    path("profile/passkeys/<int:pk>/remove", auth.remove_passkey, name="mfa_remove_webauthn"),
]
_ADMINISTRATION = [
    path("", administration.show_overview, name="administration"),
    path("people", administration.show_people, name="people"),
    path("people/new", administration.add_person, name="person-new"),
    path("people/<int:pk>", administration.edit_person, name="person"),
    path("people/<int:pk>/link", administration.renew_link, name="person-link"),
    path("people/<int:pk>/authenticator", administration.forget_authenticator, name="person-authenticator"),
    path("connection", administration.show_connection, name="connection"),
    path("connection/test", administration.try_connection, name="connection-test"),
    path("settings", administration.edit_rules, name="site-settings"),
    path("settings/limits", administration.confirm_limits, name="limits-confirm"),
    path("log", audit_log.show_audit_log, name="audit-log"),
    path("log.csv", audit_log.export_log, name="audit-log-csv"),
]
_DRAFTS = [
    path("new", drafts.upload, name="upload"),
    path("samples/<str:name>", drafts.download_sample, name="sample"),
    path("<uuid:pk>", drafts.show_draft, name="draft"),
    path("<uuid:pk>/accounts", drafts.show_accounts, name="draft-accounts"),
    path("<uuid:pk>/changes/<int:number>", drafts.show_changes, name="draft-changes"),
    path("<uuid:pk>/file/<int:number>", drafts.download_original, name="draft-file"),
    path("<uuid:pk>/annotated", drafts.download_annotated_file, name="draft-annotated"),
    path("<uuid:pk>/cell/<int:row>/<int:column>", drafts.correct_cell, name="draft-cell"),
    path("<uuid:pk>/reading", drafts.change_reading, name="draft-reading"),
    path("<uuid:pk>/options", drafts.change_options, name="draft-options"),
    path("<uuid:pk>/replace", drafts.replace_file, name="draft-replace"),
    path("<uuid:pk>/check", drafts.recheck_draft, name="draft-check"),
    path("<uuid:pk>/approve", drafts.approve_draft, name="draft-approve"),
    path("<uuid:pk>/reject", drafts.reject_draft, name="draft-reject"),
]
_BATCHES = [
    path("", batches.show_history, name="history"),
    path("start/<uuid:draft>", actions.start, name="start"),
    path("unschedule/<uuid:draft>", actions.unschedule, name="unschedule"),
    path("<str:batch>/", batches.show_batch, name="batch"),
    path("<str:batch>/rows/<int:row>", batches.show_row, name="batch-row"),
    path("<str:batch>/rows/<int:row>/decide", actions.decide_row, name="decide"),
    path("<str:batch>/stop", actions.stop, name="stop"),
    path("<str:batch>/resume", actions.resume, name="resume"),
    path("<str:batch>/give-up", actions.abandon_batch, name="give-up"),
    path("<str:batch>/again", actions.send_again, name="send-again"),
    path("<str:batch>/files/<str:kind>", actions.download_file, name="batch-file"),
]
_ACCOUNTS = [
    path("", accounts.show_accounts, name="accounts"),
    path("template.xlsx", accounts.download_template, name="template"),
    path("<path:token>/", accounts.show_account, name="account"),
]
urlpatterns = [
    path("", include(_ENTRY)),
    path("administration/", include(_ADMINISTRATION)),
    path("drafts/", include(_DRAFTS)),
    path("batches/", include(_BATCHES)),
    path("accounts/", include(_ACCOUNTS)),
]
handler400 = middleware.show_bad_request
handler403 = middleware.show_forbidden
handler429 = middleware.show_hurry
handler404 = middleware.show_not_found
handler500 = middleware.show_fault
