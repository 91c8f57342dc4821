"""Which account of a ledger a new key belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from batch.errors import UsageError
from batch.ledger.sentences import contradicting_owner
from batch.planning.account_identity import Contradiction, KnownAccount, Owner, identify


def find_owned(owner: Owner, known: Sequence[KnownAccount], address: str) -> KnownAccount | None:
    """Find the owner's account among those at the address; None if it is new to the ledger.

    `UsageError` where the owner's name and tokens speak of two accounts: then none is used.
    """
    found = identify(owner, known)
    if isinstance(found, Contradiction):
        raise UsageError(contradicting_owner(found, address))
    return found
