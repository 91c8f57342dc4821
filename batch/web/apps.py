"""The Django application of the site: its people, drafts, approvals, jobs and audit log."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The site's tables; the label is their prefix."""

    name = "batch.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
