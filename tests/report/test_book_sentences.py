"""A difference is a figure; a cause is said only where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from batch.ledger.events import BalancesRead, Purpose, Tip
from batch.model import BatchView, RowResult, SheetRow
from batch.report.summary_sheet import list_remarks
from batch.report.verdict import Contents, judge_contents
from tests.builders import make_event
from tests.report.views import DONE, REFUSED, START, TOKEN, UNKNOWN, balances, reopened, row, sheet_of, values, view_of


def remarks(results: Sequence[RowResult], main: str, sub: str, *, rows: Sequence[SheetRow] | None = None) -> list[str]:
    """What is said of the books of accounts that held 1,000 and 100."""
    view = view_of(results, rows, opening=balances("1000", **{TOKEN: "100"}), closing=balances(main, **{TOKEN: sub}))
    return list_remarks(Contents(view, None))


def test_less_than_expected_is_unexplained() -> None:
    said = remarks([DONE], "900", "150")
    assert said[0] == "The main account holds €50.00 less than expected, unexplained."
    assert said[1].startswith("Tolerated on each account is €5.00 less than expected or, where that is more, 1 %")
    assert "The main account holds €4.00 less than expected, unexplained, within the tolerance." in remarks(
        [DONE], "946", "150"
    )
    assert not any("sent meanwhile" in one or "spent" in one for one in said)


IN_DOUBT = "that is the amount of row 3, which is in doubt."


@pytest.mark.parametrize(
    ("main", "sub", "sentence"),
    [
        ("900", "200", f"The main account holds €50.00 less than expected: {IN_DOUBT}"),
        ("900", "200", f"The sub-account 0001a holds €50.00 more than expected: {IN_DOUBT}"),
        ("900.01", "150", f"The main account holds €49.99 less than expected: {IN_DOUBT}"),
        ("899", "200", "The main account holds €51.00 less than expected, unexplained."),
        ("946", "150", "The main account holds €4.00 less than expected, unexplained, within the tolerance."),
    ],
)
def test_the_amount_of_a_row_in_doubt_is_known(main: str, sub: str, sentence: str) -> None:
    assert sentence in remarks([DONE, UNKNOWN], main, sub)


def test_of_two_rows_in_doubt_either_or_both_are_the_difference() -> None:
    rows = [row(2, "50"), row(3, "50"), row(4, "30")]
    either = "that is the amount of each of the rows 2, 3, which are in doubt."
    assert remarks([UNKNOWN] * 3, "950", "150", rows=rows)[1].endswith(either)
    assert remarks([UNKNOWN] * 3, "870", "230", rows=rows)[1].endswith("sum of the rows 2, 3, 4, which are in doubt.")
    assert remarks([UNKNOWN] * 3, "920", "180", rows=rows)[1].endswith("expected, unexplained.")


def test_a_refused_row_is_a_cause_only_where_its_sub_account_shows_it() -> None:
    said = remarks([REFUSED], "950", "150")
    missed = "that is the amount of row 2, which was not done, so look whether it was applied."
    assert [one.partition(": ")[2] for one in said[1:3]] == [missed, missed]
    assert remarks([REFUSED], "950", "100")[1] == "The main account holds €50.00 less than expected, unexplained."


def test_what_was_so_before_more_was_sent_is_told_with_the_moment() -> None:
    at = START + timedelta(minutes=1)
    read = make_event(Tip(), BalancesRead(at, Purpose.RESUMING, Decimal(930), {TOKEN: Decimal(150)}))
    later = replace(DONE, attempted_at=at + timedelta(seconds=5), at=at + timedelta(seconds=6))
    opening, closing = balances("1000", **{TOKEN: "100"}), balances("880", **{TOKEN: "200"})
    view = view_of([DONE, later], opening=opening, closing=closing, events=(read,))
    said = list_remarks(Contents(view, None))
    assert said[0] == (
        "The main account holds €20.00 less than expected, unexplained; it did so already by the reading of "
        "2026-03-31 08:16:12, before more was sent."
    )


def spend_everywhere() -> BatchView:
    """A refused row's sub-account spent as well as the main account: two figures for one thing, before."""
    rows = [row(2, "50"), row(3, "9", token="b"), row(4, "3", token="nobody")]
    opening, closing = (
        balances("5000", **{TOKEN: "100", "b": "40"}),
        balances("4908.5", **{TOKEN: "149.2", "b": "38.5"}),
    )
    return view_of([DONE, REFUSED, REFUSED], rows, opening=opening, closing=closing)


def test_page_one_has_one_figure_for_one_thing(tmp_path: Path) -> None:
    view = spend_everywhere()
    assert "the accounts hold €43.80 less than expected together" in judge_contents(Contents(view, None)).sentence
    book = reopened(tmp_path, view)
    lines = {line[0]: line for line in values(sheet_of(book, "Summary"))}
    assert (lines["Difference"][3], lines["Difference"][5], lines["Difference"][6]) == (-41.5, -2.3, -43.8)
    on_balances = [line[6] for line in values(sheet_of(book, "Balances")) if line[0] in {TOKEN, "b"}]
    assert sum(map(float, map(str, on_balances))) == pytest.approx(-2.3)
    said = list_remarks(Contents(view, None))
    assert any("€41.50 less" in one for one in said)
    assert any(one.startswith("2 sub-accounts hold €2.30 less than expected together") for one in said)
