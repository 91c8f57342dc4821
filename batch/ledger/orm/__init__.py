"""The ledger in a database, through Django: SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The ledger's tables; the label is their prefix."""

    name = "batch.ledger.orm"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"
