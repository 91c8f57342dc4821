"""Every address of the site. Each area has its own module of views."""

from __future__ import annotations

from django.urls import include, path

from batch.web import errors

urlpatterns = [
    path("", include("batch.web.entry.urls")),  # home, login, setup, profile
    path("administration/", include("batch.web.administration.urls")),  # people, connection, limits, audit log
    path("drafts/", include("batch.web.drafts.urls")),  # upload, review, correct, approve, reject
    path("batches/", include("batch.web.runs.urls")),  # start, live page, decide, report, history
    path("accounts/", include("batch.web.accounts.urls")),  # sub-accounts with their movements, the template
]
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.broken
