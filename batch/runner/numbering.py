"""Give the accounting entries of a batch their numbers, at the first export of each, and say what there is to know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from batch.errors import AccountInUse, LedgerError
from batch.i18n import _, format_day
from batch.ledger.events import EntriesNumbered
from batch.ledger.protocol import Ledger
from batch.model import BatchState, BatchView
from batch.money import count_decimals
from batch.report.journal import Entry, list_moved, list_unnumbered, make_entries
from batch.report.journal_settings import JournalSettings
from batch.runner.open_account import hold_batch


@dataclass(frozen=True, slots=True)
class Journal:
    """The entries of a batch, and the batch as it was then."""

    view: BatchView
    years: dict[date, list[Entry]]
    """By the closing day of the fiscal year; none is empty unless it is the only one."""
    remarks: tuple[str, ...]
    """What the person should know of them, in sentences."""


def make_journal(ledger: Ledger, view: BatchView, accounts: JournalSettings, now: Callable[[], datetime]) -> Journal:
    """Make the entries of a batch, which keep the numbers that they have; those that have none get the next.

    `LedgerError` where numbers are missing and cannot be given.
    """
    before = ledger.list_numberings(str(view.head.batch))
    view, numberings = _number_rest(ledger, view, before, accounts, now)
    years = make_entries(view, numberings, accounts)
    remarks = (
        *_tell_beginnings(numberings[len(before) :]),
        *_tell_other_numbers(view, numberings, accounts),
        *_tell_unfinished(view),
        *_tell_third_decimals(years),
    )
    return Journal(view, years, remarks)


def _number_rest(
    ledger: Ledger,
    view: BatchView,
    numberings: list[EntriesNumbered],
    accounts: JournalSettings,
    now: Callable[[], datetime],
) -> tuple[BatchView, list[EntriesNumbered]]:
    batch = str(view.head.batch)
    if not list_unnumbered(view, numberings, accounts):
        return view, numberings
    try:
        with hold_batch(ledger, batch, now):
            # Looked at while nobody else can number: of two who export at once, the second finds the numbers.
            if ledger.read_tip(batch).number != len(view.events):
                view, numberings = ledger.view(batch), ledger.list_numberings(batch)
            if left := list_unnumbered(view, numberings, accounts):
                ledger.number_entries(batch, accounts.code, left, now())
            return replace(view, events=ledger.view_events(batch)), ledger.list_numberings(batch)
    except AccountInUse:
        raise
    except LedgerError as error:
        sentence = _("The entries of batch {batch} need numbers, which cannot be given now. {why}")
        raise LedgerError(sentence.format(batch=batch, why=error)) from error


def _tell_beginnings(given: Sequence[EntriesNumbered]) -> Iterator[str]:
    for its in given:
        if its.first == 1:
            sentence = _(
                "Number 1 of journal {journal} in the fiscal year that closes on {day} was given: another ledger "
                "needs another code (CREDITBATCH_JOURNAL_CODE), since each counts by itself."
            )
            yield sentence.format(journal=its.journal, day=format_day(its.closes_on))


def _tell_other_numbers(
    view: BatchView, numberings: Sequence[EntriesNumbered], accounts: JournalSettings
) -> Iterator[str]:
    """Tell that entries were numbered elsewhere as well, before a setting was changed."""
    years = {entry.row.number: closes_on for closes_on, moved in list_moved(view, accounts).items() for entry in moved}
    others = {
        (its.journal, its.closes_on)
        for its in numberings
        for row in its.numbered
        if (its.journal, its.closes_on) != (accounts.code, years.get(row))
    }
    for journal, closes_on in sorted(others):
        sentence = _(
            "Entries of this batch have numbers of journal {journal} in the fiscal year that closes on {day} as well, "
            "from before a setting was changed: book them only once."
        )
        yield sentence.format(journal=journal, day=format_day(closes_on))


def _tell_unfinished(view: BatchView) -> Iterator[str]:
    if view.head.state is not BatchState.FINISHED:
        yield _("The batch has not ended: write the journal again when it has.")


def _tell_third_decimals(years: dict[date, list[Entry]]) -> Iterator[str]:
    lines = (line for entries in years.values() for entry in entries for line in entry.lines)
    if any(count_decimals(line.debit) > 2 for line in lines):
        yield _("Some amounts have three decimals, which accounting programs may round: compare the totals there.")
