"""What both ledgers say when they cannot do what is asked."""

from __future__ import annotations

from batch.language import _
from batch.planning.account_identity import Contradiction


def no_such_batch(batch: str) -> str:
    """No batch has that name."""
    return _("There is no batch {batch} in the ledger: `creditbatch batches` lists them.").format(batch=batch)


def already_there(batch: str) -> str:
    """The name is taken."""
    return _("There is already a batch {batch} in the ledger: try again.").format(batch=batch)


def taken_over(batch: str) -> str:
    """Another process holds the account now."""
    return _("Another program has taken batch {batch} over: let it end, then resume.").format(batch=batch)


def written_by_another(batch: str) -> str:
    """Another process has written to the batch since we last did."""
    return _("Another program is writing to batch {batch}: let it end, then resume.").format(batch=batch)


def contradicting_owner(found: Contradiction, address: str) -> str:
    """The accounts that a key could belong to, by what the provider tells of it, are two."""
    if found.by_tokens is None:
        sentence = _(
            "The API key belongs to {owner} at {address}, whom this ledger knows, but none of the sub-accounts is one "
            "that it knows of that account: check CREDITBATCH_API_URL and the key, or use another CREDITBATCH_HOME."
        )
    else:
        sentence = _(
            "The API key belongs to {owner} at {address} by the user's name, but to {other} by the sub-accounts, and "
            "this ledger knows them as two accounts: check CREDITBATCH_API_URL and the key, or use another "
            "CREDITBATCH_HOME."
        )
    unnamed = _("an account without a name")
    other = found.by_tokens or unnamed
    return sentence.format(owner=found.by_name or unnamed, address=address, other=other)
