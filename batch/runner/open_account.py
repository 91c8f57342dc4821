"""Whose account it is, holding it while its credit is moved or decided about, and the decisions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from batch.errors import BatchUnfinished, LedgerError, UsageError
from batch.i18n import _
from batch.ledger.events import KeyChanged, PersonDecided, StateChanged
from batch.ledger.lease import may_take, name_this_process
from batch.ledger.protocol import Access, Ledger, find_owned
from batch.model import ENDED, BatchRow, BatchState, BatchView, Status, name_state, name_status
from batch.notes import make_note
from batch.planning.account_identity import Owner, normalize_address
from batch.planning.settlement import is_awaiting_person

_deciding = threading.Lock()
"""An account is held by a process: the site's threads, which are one process, decide one after the other."""


def find_account(ledger: Ledger, api_url: str, fingerprint: str, owner: Owner | None = None) -> int | None:
    """Find the account that a key belongs to, without writing; None if the ledger does not know it.

    Without the `owner`, which the provider tells, only a key that was used before is known. `UsageError` where the
    owner's name and tokens speak of two accounts.
    """
    address = normalize_address(api_url)
    account = ledger.find_account(address, fingerprint)
    if account is not None or owner is None:
        return account
    found = find_owned(owner, ledger.list_accounts(address), address)
    return found.id if found else None


def bind_account(
    ledger: Ledger, api_url: str, fingerprint: str, ask: Callable[[], Owner], at: datetime
) -> tuple[Access, bool]:
    """Bind a key to its account in the ledger; returns the account, and whether it is new to the ledger.

    The provider is asked only about a key that is not known. `UsageError` where its answers speak of two accounts.
    """
    address = normalize_address(api_url)
    account, is_new = ledger.find_account(address, fingerprint), False
    if account is None:
        account, is_new = ledger.bind_key(address, fingerprint, ask(), at)
    return Access(account, api_url, fingerprint), is_new


@contextmanager
def hold_account(
    ledger: Ledger, account: int, now: Callable[[], datetime], resuming: str | None = None
) -> Iterator[None]:
    """Hold the account, so that nobody else sends on it; no row of another batch on it may be in doubt."""
    ledger.hold(account, name_this_process(), now(), lambda lease: may_take(lease, now(), is_local=ledger.is_local))
    try:
        doubtful = ledger.find_doubtful_batch(account)
        if doubtful is not None and doubtful != resuming:
            sentence = _(
                "Batch {batch} has a row of which it is not known whether it was applied, and sending on this "
                "account would blur what the balances tell: `creditbatch resume {batch}` first."
            )
            raise BatchUnfinished(sentence.format(batch=doubtful), doubtful)
        yield
    finally:
        # A ledger that cannot be written just now has said so already; the lease of a process that ended holds nobody.
        with suppress(LedgerError):
            ledger.let_go()


def refuse_unfinished(ledger: Ledger, account: int, continued: Collection[str] = ()) -> None:
    """Refuse to begin a batch before the one that was begun has ended, unless it is of the list that is continued."""
    for batch in ledger.list_unfinished(account):
        if batch not in continued:
            head = ledger.read_head(batch)
            sentence = _(
                "Batch {batch} ({file}) of this account was begun and has not ended ({state}): `creditbatch resume "
                "{batch}` carries it on, or `creditbatch abandon {batch} --why TEXT` gives up what it has not sent."
            )
            words = sentence.format(batch=batch, file=head.source.file_name, state=name_state(head.state))
            raise BatchUnfinished(words, batch)


def refuse_another_account(ledger: Ledger, batch: str, access: Access) -> None:
    """Refuse to go on with a batch elsewhere than where it was begun: it would move other people's credit."""
    bound = ledger.read_access(batch)
    refuse_another_address(ledger, batch, access.api_url)
    if bound.account != access.account:
        raise UsageError(
            _(
                "Batch {batch} was begun on another account than the one that this API key opens: set a key of that "
                "account."
            ).format(batch=batch)
        )


def refuse_another_address(ledger: Ledger, batch: str, api_url: str) -> None:
    """Refuse to go on with a batch at another address than where it was begun."""
    bound = ledger.read_access(batch)
    if normalize_address(bound.api_url) != normalize_address(api_url):
        raise UsageError(
            _("Batch {batch} was begun at {api_url}: set CREDITBATCH_API_URL to that.").format(
                batch=batch, api_url=bound.api_url
            )
        )


def accept_key(
    ledger: Ledger, batch: str, access: Access, tokens: Callable[[], Collection[str]], by: str | None, at: datetime
) -> None:
    """Let a batch go on with another key of its account, as an event; `tokens` asks for the sub-accounts of the list.

    Hold the account. `UsageError` if not one sub-account of the batch is on the list.
    """
    if ledger.read_access(batch).fingerprint == access.fingerprint:
        return
    listed = set(tokens())
    if not any(entry.row.token in listed for entry in ledger.work(batch).rows):
        raise UsageError(
            _(
                "None of the sub-accounts of batch {batch} is on the list of the account that this API key opens: set "
                "the key of the account that it was begun on."
            ).format(batch=batch)
        )
    ledger.append(batch, [KeyChanged(at, access.fingerprint, access.api_url, by)])


def refuse_doubts(batch: str | None, rows: Iterable[BatchRow]) -> None:
    """Refuse to go past a batch while the balances, or a person, may still say that a row of it was applied."""
    doubtful = next((entry.row.number for entry in rows if entry.result.status is Status.UNKNOWN), None)
    if doubtful is not None:
        sentence = _(
            "It is not known whether row {row} of batch {batch} was applied: settle it first with `creditbatch resume "
            "{batch}`, or decide on it with `creditbatch resolve {batch} {row}`."
        )
        raise UsageError(sentence.format(batch=batch, row=doubtful))


def abandon(ledger: Ledger, batch: str, *, who: str, why: str, now: Callable[[], datetime]) -> None:
    """End a batch that was begun: what it has not sent never will be by it. A row in doubt is settled first.

    `UsageError` if it has ended, or has a row in doubt.
    """
    with hold_batch(ledger, batch, now):
        state = ledger.read_head(batch).state
        if state in ENDED:
            sentence = _("Batch {batch} has ended already ({state}): there is nothing to give up.")
            raise UsageError(sentence.format(batch=batch, state=name_state(state)))
        refuse_doubts(batch, ledger.work(batch).rows)
        ledger.append(batch, [StateChanged(now(), BatchState.ABANDONED, make_note("said", words=why), who)])


def decide(
    ledger: Ledger, batch: str, row: int, *, applied: bool, who: str, why: str, now: Callable[[], datetime]
) -> None:
    """Record a person's decision about a row in doubt. A row that is not, or no longer, in doubt is a `UsageError`."""
    with hold_batch(ledger, batch, now):
        # Looked at while nobody else can decide: of two who press at once, the second is told.
        entry = get_undecided_row(ledger.view(batch), row)
        ledger.append(batch, [PersonDecided(now(), row, entry.result.attempts, applied, who, why)])


@contextmanager
def hold_batch(ledger: Ledger, batch: str, now: Callable[[], datetime]) -> Iterator[None]:
    """Hold the account of the batch, so that nobody sends on it or writes about the batch meanwhile."""
    with _deciding:
        account = ledger.read_access(batch).account
        ledger.hold(account, name_this_process(), now(), lambda lease: may_take(lease, now(), is_local=ledger.is_local))
        try:
            yield
        finally:
            ledger.let_go()


def get_undecided_row(view: BatchView, row: int) -> BatchRow:
    """Return the row, if a person has to decide about it; `UsageError` says why not."""
    batch = view.head.batch
    entry = next((entry for entry in view.rows if entry.row.number == row), None)
    if entry is None:
        sentence = _("Batch {batch} has no row {row}: `creditbatch show {batch}` lists its rows.")
        raise UsageError(sentence.format(batch=batch, row=row))
    if entry.result.status is not Status.UNKNOWN:
        sentence = _("Row {row} of batch {batch} is {status}, not in doubt: nothing to decide.")
        raise UsageError(sentence.format(row=row, batch=batch, status=name_status(entry.result.status)))
    if not is_awaiting_person(entry.result):
        sentence = _(
            "Row {row} of batch {batch} was interrupted: `creditbatch resume {batch}` finds out from the balances "
            "whether it was applied."
        )
        raise UsageError(sentence.format(row=row, batch=batch))
    return entry
