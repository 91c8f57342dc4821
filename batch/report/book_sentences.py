"""What is said of the books, wherever it is said: figures, and a cause only where it is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from batch.i18n import _, format_euros, format_moment, format_number, join_items, ngettext
from batch.ledger.events import Purpose
from batch.ledger.replay import list_readings
from batch.model import BatchView
from batch.money import CENT, ZERO
from batch.planning.reconciliation import Books, Cause, balance_books, find_causes
from batch.settings import Tolerance, read_choices
from batch.zone import localize

_NAMED = 3  # accounts in the verdict
_TOLD = 10  # sub-accounts with a sentence of their own


def judge_books(books: Books | None, tolerance: Tolerance, what: str) -> tuple[bool, str]:
    """Tell whether the books hold no surprise, and the whole sentence with what is to be said of them."""
    if books is not None and books.enriched:
        alarm = _("{what}; ALARM: {accounts} than the movements explain, so look into it.")
        return False, alarm.format(what=what, accounts=_list_rich_accounts(books))
    short = books.find_short_accounts(tolerance) if books else ()
    if books is not None and short:
        less = _("{what}; {accounts} than expected, unexplained.")
        return False, less.format(what=what, accounts=_list_short_accounts(books, short))
    if books is None or books.difference is None:
        unread = _("{what}; whether the books balance is not known, because not every balance could be read.")
        return False, unread.format(what=what)
    if books.difference < 0:
        within = _("{what}; the accounts hold {amount} less than expected together, each within the tolerance.")
        return True, within.format(what=what, amount=format_euros(-books.difference))
    return True, _("{what}, and the books balance.").format(what=what)


def _list_rich_accounts(books: Books) -> str:
    """Tell who holds more than can be: "sub-0001 holds €5.00 more"."""
    main, other = _("the main account holds {amount} more"), _("{token} holds {amount} more")
    more = len(books.enriched) - _NAMED
    rest = ngettext("{number} other account holds more", "{number} other accounts hold more", more)
    return _list_accounts(books, books.enriched, main, other, rest)


def _list_short_accounts(books: Books, short: Sequence[str | None]) -> str:
    """Tell who holds less than is tolerated: "the main account holds €2,000.00 less"."""
    main, other = _("the main account holds {amount} less"), _("{token} holds {amount} less")
    rest = ngettext("{number} other account holds less", "{number} other accounts hold less", len(short) - _NAMED)
    return _list_accounts(books, short, main, other, rest)


def _list_accounts(books: Books, accounts: Sequence[str | None], main: str, other: str, rest: str) -> str:
    """Tell of the first accounts by a sentence each, and of the others how many they are."""
    parts = [
        (main if token is None else other).format(token=token, amount=_format_difference(books, token))
        for token in accounts[:_NAMED]
    ]
    if len(accounts) > _NAMED:
        parts.append(rest.format(number=format_number(len(accounts) - _NAMED)))
    return join_items(parts, _("and"))


def _format_difference(books: Books, account: str | None) -> str:
    return format_euros(abs(books.get_book(account).difference or ZERO))


def tell_books(view: BatchView, books: Books) -> Iterator[str]:
    """Tell every difference, and what is known of it; those of sub-accounts that are small are told together."""
    accounts = [books.main, *books.subaccounts.values()]
    unread = sum(book.difference is None for book in accounts)
    if unread:
        yield _tell_unread_balances(unread)
    elif not any(book.difference for book in accounts):
        yield _("On every account, opening balance + movements = closing balance, to the thousandth of a euro.")
        return
    tolerance = read_choices(view.head.options).tolerance
    causes, short = find_causes(books, view.rows), books.find_short_accounts(tolerance)
    earlier = _keep_earlier_books(view)
    wanted = [*causes, *books.enriched, *short]
    told = [token for token in dict.fromkeys(wanted) if token is not None][:_TOLD]
    for account in (None, *told):
        book = books.get_book(account)
        if book.difference and book.expected is not None:
            # Also of an account with a row in doubt, of which the verdict says nothing by itself.
            is_tolerated = -book.difference <= tolerance.compute_limit(book.expected)
            since = _find_since(account, book.difference, earlier)
            yield _tell_difference(account, book.difference, causes.get(account), since, is_tolerated=is_tolerated)
    rest = [book.difference for token, book in books.subaccounts.items() if book.difference and token not in told]
    yield from _tell_other_subaccounts(rest, are_all=not told)
    if any(book.difference and book.difference < 0 for book in accounts):
        sentence = _(
            "Tolerated on each account is {amount} less than expected or, where that is more, {percent} % of what was "
            "expected."
        )
        yield sentence.format(amount=format_euros(tolerance.euros), percent=format_percent(tolerance))


def format_percent(tolerance: Tolerance) -> str:
    """Write the percentage with the decimals that it has."""
    percent = tolerance.percent.normalize()
    exponent = percent.as_tuple().exponent
    return format_number(percent, max(0, -exponent) if isinstance(exponent, int) else 0)


def _tell_unread_balances(unread: int) -> str:
    return ngettext(
        "The opening or the closing balance of {number} account could not be read, so its books cannot be compared.",
        "The opening or the closing balance of {number} accounts could not be read, so their books cannot be compared.",
        unread,
    ).format(number=format_number(unread))


def _keep_earlier_books(view: BatchView) -> tuple[datetime, Books] | None:
    """Keep the books as they stood by the last reading before more was sent; None if there is none."""
    readings = list_readings(view.events, Purpose.RESUMING)
    if not readings:
        return None
    last = readings[-1]
    moved = [entry for entry in view.rows if (at := entry.result.moved_at) is not None and at < last.at]
    return last.at, balance_books(view.head.opening, last, moved)


def _find_since(account: str | None, difference: Decimal, earlier: tuple[datetime, Books] | None) -> datetime | None:
    """Find the reading by which the account held that much less already."""
    if earlier is None:
        return None
    at, books = earlier
    book = books.main if account is None else books.subaccounts.get(account)
    before = book.difference if book else None
    return at if before is not None and difference < -CENT and abs(before - difference) <= CENT else None


def _tell_difference(
    account: str | None, difference: Decimal, cause: Cause | None, since: datetime | None, *, is_tolerated: bool
) -> str:
    """Tell one account's difference: its figure, and its cause or that none is known."""
    if cause is not None:
        sentence = _("{account} holds {amount} more than expected: {cause}.")
        if difference < 0:
            sentence = _("{account} holds {amount} less than expected: {cause}.")
    elif difference > CENT:
        sentence = _(
            "{account} holds {amount} more than the movements explain: somebody paid in, or a movement was applied "
            "that is not counted here. Look into it before anything else is sent."
        )
    elif difference > 0:
        sentence = _("{account} holds {amount} more than expected, no more than rounding can make.")
    elif since is not None:
        sentence = _(
            "{account} holds {amount} less than expected, unexplained; it did so already by the reading of {moment}, "
            "before more was sent."
        )
    elif is_tolerated:
        sentence = _("{account} holds {amount} less than expected, unexplained, within the tolerance.")
    else:
        sentence = _("{account} holds {amount} less than expected, unexplained.")
    return sentence.format(
        account=_("The main account") if account is None else _("The sub-account {token}").format(token=account),
        amount=format_euros(abs(difference)),
        cause=_tell_cause(cause) if cause else "",
        moment=format_moment(localize(since)) if since else "",
    )


def _tell_cause(cause: Cause) -> str:
    """Tell which rows' amount it is; of what was refused it is not known that it was applied."""
    listed, count = ", ".join(str(row) for row in cause.rows), len(cause.rows)
    if cause.is_doubt and cause.are_together:
        sentence = _("that is the sum of the rows {rows}, which are in doubt")
    elif cause.is_doubt:
        sentence = ngettext(
            "that is the amount of row {rows}, which is in doubt",
            "that is the amount of each of the rows {rows}, which are in doubt",
            count,
        )
    elif cause.are_together:
        sentence = _("that is the sum of the rows {rows}, which were not done, so look whether they were applied")
    else:
        sentence = ngettext(
            "that is the amount of row {rows}, which was not done, so look whether it was applied",
            "that is the amount of each of the rows {rows}, which were not done, so look whether one was applied",
            count,
        )
    return sentence.format(rows=listed)


def _tell_other_subaccounts(differences: Sequence[Decimal], *, are_all: bool) -> Iterator[str]:
    """Tell together what no sub-account's own sentence says."""
    less, more = [one for one in differences if one < 0], [one for one in differences if one > CENT]
    short = ngettext(
        "{number} other sub-account holds {amount} less than expected, unexplained.",
        "{number} other sub-accounts hold {amount} less than expected together, unexplained.",
        len(less),
    )
    if are_all:
        short = ngettext(
            "{number} sub-account holds {amount} less than expected, unexplained.",
            "{number} sub-accounts hold {amount} less than expected together, unexplained.",
            len(less),
        )
    rich = ngettext(
        "{number} other sub-account holds {amount} more than the movements explain. Look into it.",
        "{number} other sub-accounts hold {amount} more than the movements explain together. Look into it.",
        len(more),
    )
    for found, sentence in ((less, short), (more, rich)):
        if found:
            yield sentence.format(number=format_number(len(found)), amount=format_euros(abs(sum(found, ZERO))))
