"""Accounts and their keys in the database. Within a transaction or a reading that the store has opened."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from django.db import connection

from batch.ledger.orm.models import Account, AccountKey, ColumnTitle, Reading
from batch.ledger.owners import find_owned
from batch.planning.account_identity import KnownAccount, Owner

_TOKENS_KEPT = 1000


def known_key(address: str, fingerprint: str) -> int | None:
    """Find the account at this address that was used with this key."""
    keys = AccountKey.objects.filter(address=address, fingerprint=fingerprint)
    return keys.values_list("account_id", flat=True).first()


def accounts_at(address: str) -> list[KnownAccount]:
    """List the accounts at this address, with every sub-account that they were seen to have."""
    return [
        KnownAccount(account.pk, account.name, frozenset([*account.tokens, *_tokens_read(account)]))
        for account in Account.objects.filter(address=address).order_by("pk")
    ]


def bind_key(address: str, fingerprint: str, owner: Owner, at: datetime) -> tuple[int, bool]:
    """Return the account that a key belongs to, recorded from now on, and whether it is new.

    Within a transaction: of two programs that meet a new account at the same moment, the second finds it known.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE ledger_account IN SHARE ROW EXCLUSIVE MODE")
    account = known_key(address, fingerprint)
    if account is not None:
        return account, False
    found = find_owned(owner, accounts_at(address), address)
    is_new = found is None
    account = _add_account(address, owner, at) if found is None else found.id
    if owner.name:
        Account.objects.filter(pk=account, name="").update(name=owner.name)
    AccountKey.objects.create(account_id=account, address=address, fingerprint=fingerprint, first_used_at=at)
    return account, is_new


def _add_account(address: str, owner: Owner, at: datetime) -> int:
    tokens = list(islice(owner.tokens, _TOKENS_KEPT))
    account = Account.objects.create(address=address, name=owner.name, tokens=tokens, created_at=at)
    # What was named for columns while no account was known was named for the one that is met next.
    ColumnTitle.objects.filter(account=None).update(account=account)
    return account.pk


def _tokens_read(account: Account) -> list[str]:
    read = Reading.objects.filter(batch__account=account, token__isnull=False)
    return [token for token in read.values_list("token", flat=True).distinct() if token is not None]
