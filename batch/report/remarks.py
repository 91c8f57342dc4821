"""What differs, and why: each a sentence with its figure, for the accountant who signs that nothing is hidden."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from batch.euros_shown import euros
from batch.language import _, ngettext, number
from batch.model import BatchRow, BatchView, Status
from batch.money import CENT, ZERO
from batch.planning.reconciliation import AccountBook
from batch.planning.settlement import awaits_person
from batch.report.contents import Contents
from batch.report.words import explained

MOST_REASONS = 5


def remarks(contents: Contents) -> list[str]:
    """All there is to say of a batch, what was asked against what was done first and the books after it."""
    return [*_of_rows(contents.view), *_of_books(contents)]


def _of_rows(view: BatchView) -> Iterator[str]:
    by_status: dict[Status, list[BatchRow]] = defaultdict(list)
    for entry in view.rows:
        by_status[entry.result.status].append(entry)
    yield from _refused(by_status[Status.REFUSED])
    yield from _in_doubt(by_status[Status.UNKNOWN])
    if pending := by_status[Status.PENDING]:
        yield _counted(_left(len(pending), is_over=view.head.is_over), pending)
    yield from _invalid(by_status[Status.INVALID])
    found_out = [entry for entry in by_status[Status.DONE] if entry.result.note]
    if found_out:
        yield _counted(
            ngettext(
                "{rows} row ({amount}) was found to be done only afterwards: its note says how.",
                "{rows} rows ({amount}) were found to be done only afterwards: their notes say how.",
                len(found_out),
            ),
            found_out,
        )


def _in_doubt(entries: list[BatchRow]) -> Iterator[str]:
    undecided = [entry for entry in entries if awaits_person(entry.result)]
    interrupted = [entry for entry in entries if not awaits_person(entry.result)]
    if undecided:
        sentence = ngettext(
            "Of {rows} row ({amount}) it is not known whether the credit moved: a person must decide.",
            "Of {rows} rows ({amount}) it is not known whether the credit moved: a person must decide.",
            len(undecided),
        )
        yield _counted(sentence, undecided)
    if interrupted:
        sentence = ngettext(
            "Of {rows} row ({amount}) it is not known yet whether the credit moved: resuming the batch finds out.",
            "Of {rows} rows ({amount}) it is not known yet whether the credit moved: resuming the batch finds out.",
            len(interrupted),
        )
        yield _counted(sentence, interrupted)


def _left(rows: int, *, is_over: bool) -> str:
    if is_over:
        return ngettext("{rows} row ({amount}) was not moved.", "{rows} rows ({amount}) were not moved.", rows)
    return ngettext(
        "{rows} row ({amount}) was not moved and can still be sent.",
        "{rows} rows ({amount}) were not moved and can still be sent.",
        rows,
    )


def _refused(entries: list[BatchRow]) -> Iterator[str]:
    """The commonest reasons, each with its rows and euros."""
    by_code: dict[int | None, list[BatchRow]] = defaultdict(list)
    for entry in entries:
        by_code[entry.result.code].append(entry)
    groups = sorted(by_code.items(), key=lambda item: -len(item[1]))
    for code, refused in groups[:MOST_REASONS]:
        sentence = ngettext(
            "{rows} row ({amount}) was refused: {why}.", "{rows} rows ({amount}) were refused: {why}.", len(refused)
        )
        yield _counted(sentence, refused, why=explained(code))
    rest = [entry for _code, group in groups[MOST_REASONS:] for entry in group]
    if rest:
        sentence = ngettext(
            "{rows} row ({amount}) was refused for another reason.",
            "{rows} rows ({amount}) were refused for other reasons.",
            len(rest),
        )
        yield _counted(sentence, rest)


def _invalid(entries: list[BatchRow]) -> Iterator[str]:
    if not entries:
        return
    sentence = ngettext(
        "{rows} row has an error and was never sent.", "{rows} rows have errors and were never sent.", len(entries)
    )
    yield _counted(sentence, entries)
    unread = [entry for entry in entries if entry.row.amount is None or entry.row.direction is None]
    if unread:
        sentence = ngettext(
            "The amount or the direction of {rows} of them could not be read: it is in no total of euros.",
            "The amount or the direction of {rows} of them could not be read: they are in no total of euros.",
            len(unread),
        )
        yield sentence.format(rows=number(len(unread)))


def _counted(sentence: str, entries: list[BatchRow], **fields: str) -> str:
    amount = sum((entry.row.amount or ZERO for entry in entries), ZERO)
    return sentence.format(rows=number(len(entries)), amount=euros(amount), **fields)


def _of_books(contents: Contents) -> Iterator[str]:
    books = contents.books
    accounts = [books.main, *books.subaccounts.values()]
    if any(book.difference is None for book in accounts):
        yield _on_unread(accounts)
    elif not any(book.difference for book in accounts):
        yield _("On every account, opening balance + movements = closing balance, to the thousandth of a euro.")
        return
    if books.main.difference:
        yield _on_main(books.main.difference)
    yield from _on_subaccounts([book.difference for book in books.subaccounts.values() if book.difference])


def _on_unread(accounts: list[AccountBook]) -> str:
    unread = sum(book.difference is None for book in accounts)
    return ngettext(
        "The opening or the closing balance of {number} account could not be read, so its books cannot be compared.",
        "The opening or the closing balance of {number} accounts could not be read, so their books cannot be compared.",
        unread,
    ).format(number=number(unread))


def _on_main(difference: Decimal) -> str:
    if difference > CENT:
        sentence = _(
            "The main account holds {amount} more than the movements explain: somebody paid in, or a movement was "
            "applied that is not counted here. Look into it before anything else is sent."
        )
    elif difference > 0:
        sentence = _("The main account holds {amount} more than expected, which is rounding.")
    else:
        sentence = _("The main account holds {amount} less than expected: it was spent on other things meanwhile.")
    return sentence.format(amount=euros(abs(difference)))


def _on_subaccounts(differences: list[Decimal]) -> Iterator[str]:
    less = [difference for difference in differences if difference < 0]
    more = [difference for difference in differences if difference > CENT]
    if less:
        yield ngettext(
            "{number} sub-account holds {amount} less than expected: messages were sent meanwhile.",
            "{number} sub-accounts hold {amount} less than expected together: messages were sent meanwhile.",
            len(less),
        ).format(number=number(len(less)), amount=euros(-sum(less, ZERO)))
    if more:
        yield ngettext(
            "{number} sub-account holds {amount} more than the movements explain. Look into it.",
            "{number} sub-accounts hold {amount} more than the movements explain together. Look into it.",
            len(more),
        ).format(number=number(len(more)), amount=euros(sum(more, ZERO)))
