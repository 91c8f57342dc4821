"""The web site: a shell like the command line. It holds no rules, and both see the same ledger."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The site's tables; the label is their prefix."""

    name = "batch.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
