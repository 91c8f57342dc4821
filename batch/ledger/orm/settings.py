"""What Django needs to know to hold the ledger. `database` is decided when a ledger is opened."""

from __future__ import annotations

from typing import Any

USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["batch.ledger.orm.apps.LedgerConfig"]
SECRET_KEY = ""
"""Nothing is signed here; Django refuses to sign with an empty key."""
DATABASES: dict[str, dict[str, Any]] = {}
LOGGING_CONFIG = None
