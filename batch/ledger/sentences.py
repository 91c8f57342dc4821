"""What both ledgers say when they cannot do what is asked."""

from __future__ import annotations

from batch.language import _


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
