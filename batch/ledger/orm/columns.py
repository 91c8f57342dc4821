"""What a person said of a sheet's columns, kept for next month's sheet. Over the connection that `connect` opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import DatabaseError, transaction

from batch.errors import LedgerError
from batch.language import _
from batch.ledger.orm.models import ColumnMemory
from batch.model import Role


def remember_columns(titles: Mapping[Role, str], at: datetime) -> None:
    """Keep these titles instead of any that were kept before."""
    try:
        with transaction.atomic():
            ColumnMemory.objects.all().delete()
            ColumnMemory.objects.bulk_create(
                ColumnMemory(role=role.value, title=title, at=at) for role, title in titles.items()
            )
    except DatabaseError as error:
        raise LedgerError(_("The columns cannot be kept in the ledger: try again, or leave the option out.")) from error


def remembered_columns() -> dict[Role, str]:
    """The titles that were kept last, by what their columns hold."""
    try:
        return {Role(kept.role): kept.title for kept in ColumnMemory.objects.all()}
    except DatabaseError as error:
        raise LedgerError(
            _("The ledger cannot be read: see that nothing else has locked it, and try again.")
        ) from error
