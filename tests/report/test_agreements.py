"""What was chosen, compared and decided stands on page 1 and in the document, as the ledger keeps it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from batch.export import make_batch_document
from batch.findings import Finding
from batch.ledger import verify
from batch.ledger.events import AttemptBegan, AttemptEnded, PersonDecided, RowSettled, StateChanged
from batch.ledger.protocol import Ledger
from batch.model import BatchState, BatchView, Status
from batch.notes import make_note
from batch.report.agreements import encode_controls, encode_decisions, encode_options, list_controls, tell_options
from batch.report.summary_sheet import list_remarks
from batch.report.verdict import Contents
from batch.settings import Choices, SheetChoices, Tolerance, read_choices, write_choices
from batch.zone import use_zone
from tests.builders import NOON, known_to, new_batch
from tests.ledger_in_memory import MemoryLedger
from tests.report.views import DONE, reopened, sheet_of, values, view_of

EVERYTHING = Choices(
    skip_invalid=True, partial=True, again=True, only_unsettled="b-0", removes_first=True, ask_before_resend=True,
    max_per_second=2.5, period="week 5",
    reading=SheetChoices(
        "January: paid", (("amount", "Avance: du = mois"), ("token", "Client")), signed=True, include_hidden=True,
        rows=3, added=Decimal("12.50"), removed=Decimal("5.005"),
    ),
    tolerance=Tolerance(Decimal("7.5"), Decimal(0)),
)  # fmt: skip
LATE = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)


def test_every_choice_is_read_as_it_was_written() -> None:
    assert read_choices(write_choices(EVERYTHING)) == EVERYTHING
    assert read_choices(write_choices(Choices())) == Choices() == read_choices(())


def test_every_option_is_told_in_words_and_those_that_were_not_used_are_not() -> None:
    view = view_of([DONE])
    assert tell_options(view) == []
    said = tell_options(replace(view, head=replace(view.head, options=write_choices(EVERYTHING))))
    names = ["again", "skip-invalid", "partial", "only-unsettled", "removes-first", "ask-before-resend",
        "max-per-second", "sheet", "signed", "include-hidden", "column", "column", "period"]  # fmt: skip
    assert [one[one.index("(--") + 3 : one.rindex(")")] for one in said] == names
    assert "The column “Avance: du = mois” was named for: amount (--column)." in said


def decided(ledger: Ledger) -> BatchView:
    """Row 2 settled by the balances, row 3 decided as applied, and row 4 as not applied, then sent again and done."""
    new = replace(
        new_batch(["sub-1", Decimal("12.5"), "add"], ["sub-2", Decimal(5), "remove"], ["sub-1", Decimal(7), "add"]),
        options=write_choices(Choices(again=True, reading=SheetChoices(rows=3))),
        why="a bonus",
    )
    ledger.create(new)
    ledger.append("b-1", [StateChanged(NOON, BatchState.RUNNING, by="anne")])
    for row in (2, 3, 4):
        ledger.append(
            "b-1",
            [
                AttemptBegan(LATE, row, 1, Decimal(1000), Decimal(100)),
                AttemptEnded(LATE, row, 1, "Doubt", Status.UNKNOWN, None, None, note=make_note("untold")),
            ],
        )
    after = LATE + timedelta(hours=1)
    ledger.append("b-1", [RowSettled(after, 2, 1, Status.DONE, make_note("settled-applied"))])
    ledger.append("b-1", [PersonDecided(after, 3, 1, applied=True, who="anne", why="on their page")])
    ledger.append("b-1", [PersonDecided(after, 4, 1, applied=False, who="bruno", why="asked\nthem")])
    done = AttemptEnded(after, 4, 2, "Applied", Status.DONE, 200, None, Decimal(993), Decimal(107))
    ledger.append("b-1", [AttemptBegan(after, 4, 2, Decimal(1000), Decimal(100)), done])
    return ledger.view("b-1")


@pytest.fixture
def view(ledger: Ledger) -> BatchView:
    return decided(ledger)


@pytest.fixture
def ledger() -> Ledger:
    return known_to(MemoryLedger())


def test_a_persons_decisions_stand_apart_with_who_when_and_why(view: BatchView, tmp_path: Path) -> None:
    with use_zone(ZoneInfo("Europe/Paris")):
        lines = values(sheet_of(reopened(tmp_path, view), "Summary"))
        begin = [line[0] for line in lines].index("What people decided")
        when = "decided on 2026-03-01 01:30:00 (Europe/Paris) that"
        assert [line[:2] for line in lines[begin + 1 : begin + 3]] == [
            ["Row 3", f"anne {when} €5.00 from sub-2 moved. Reason: on their page"],
            ["Row 4", f"bruno {when} €7.00 to sub-1 did not move. Reason: asked them"],
        ]
        assert [one["at"] for one in encode_decisions(view)] == ["2026-03-01T01:30:00+01:00"] * 2
    said = list_remarks(Contents(view, None))
    assert "1 row (€12.50) was found to be done only afterwards, by the balances." in said
    assert "1 row (€5.00) is done by what a person decided: see below." in said


def test_the_document_has_options_controls_and_decisions(ledger: Ledger, view: BatchView) -> None:
    document = make_batch_document(view, None, NOON)
    assert document["controls"] == [{"what": "expected-rows", "expected": 3, "found": 3, "agrees": True}]
    assert document["decisions"][0] == {
        "row": 3, "amount": "5.00", "who": "anne", "at": "2026-03-01T00:30:00+00:00", "why": "on their page",
        "applied": True,
    }  # fmt: skip
    assert document["options"]["again"] is True
    assert document["options"]["why"] == "a bonus"
    assert document["options"]["tolerance"] == {"euros": "5.00", "percent": "1"}
    assert encode_options(view) == document["options"]
    assert verify.find_difference(ledger, "b-1") is None


def test_no_code_stands_where_no_answer_came_and_the_credit_moved_at_its_attempt(view: BatchView) -> None:
    first, second, third = (entry.result for entry in view.rows)
    assert (first.code, second.code, third.code) == (None, None, 200)
    assert (first.moved_at, second.moved_at) == (LATE, LATE)
    assert (first.at, third.moved_at) == (LATE + timedelta(hours=1), LATE + timedelta(hours=1))


def test_control_totals_are_compared_with_what_was_found(tmp_path: Path) -> None:
    reading = SheetChoices(rows=2, added=Decimal(60), removed=Decimal(0))
    findings = (
        Finding("expected-added", params={"found": "50", "expected": "60"}),
        Finding("total-agrees", 9, "C9", {"at": "C9", "as": "all", "stated": "50", "found": "50"}),
        Finding("count-wrong", 10, None, {"row": "10", "stated": "3", "found": "2"}),
    )
    view = view_of([DONE], findings=findings)
    view = replace(view, head=replace(view.head, options=write_choices(Choices(reading=reading))))
    assert [one.agrees for one in list_controls(view)] == [True, False, True, True, False]
    assert encode_controls(view)[1] == {
        "what": "expected-added",
        "expected": "60.00",
        "found": "50.00",
        "agrees": False,
    }
    lines = values(sheet_of(reopened(tmp_path, view), "Summary"))
    begin = [line[0] for line in lines].index("Compared")
    assert [[line[0], line[1], line[3], line[5], line[6]] for line in lines[begin : begin + 6]] == [
        ["Compared", None, "Expected", "Found", "Agrees"],
        ["Rows", "given beforehand", 2, 2, "yes"],
        ["Euros added", "given beforehand", 60, 50, "no"],
        ["Euros removed", "given beforehand", 0, 0, "yes"],
        ["The sheet’s own total", "in C9", 50, 50, "yes"],
        ["The sheet’s own count of rows", None, 3, 2, "no"],
    ]
