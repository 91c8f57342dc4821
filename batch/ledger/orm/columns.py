"""What a person said of a sheet's columns, kept for the account's next sheet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import DatabaseError, transaction

from batch.errors import LedgerError
from batch.language import _
from batch.ledger.orm.models import ColumnTitle
from batch.model import Role


def remember_columns(account: int | None, titles: Mapping[Role, str], at: datetime) -> None:
    """Keep these titles for the account (or for nobody yet) instead of any that were kept before."""
    try:
        with transaction.atomic():
            ColumnTitle.objects.filter(account=account).delete()
            ColumnTitle.objects.bulk_create(
                ColumnTitle(account_id=account, role=role.value, title=title, at=at) for role, title in titles.items()
            )
    except DatabaseError as error:
        raise LedgerError(_("The columns cannot be kept in the ledger: try again, or leave the option out.")) from error


def remembered_columns(account: int | None) -> dict[Role, str]:
    """The titles that were kept last for the account, by what their columns hold."""
    try:
        return {Role(kept.role): kept.title for kept in ColumnTitle.objects.filter(account=account)}
    except DatabaseError as error:
        raise LedgerError(
            _("The ledger cannot be read: see that nothing else has locked it, and try again.")
        ) from error
