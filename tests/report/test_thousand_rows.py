"""A batch of a thousand rows under faults: every figure of every paper is what the provider really did."""

from __future__ import annotations

import csv
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batch.export import write_batch
from batch.ledger import verify
from batch.ledger.protocol import NewBatch
from batch.model import Balances, BatchState, BatchView, Cell, Direction, Movement, Status, name_status
from batch.money import ZERO, to_thousandths
from batch.notes import Applied, Doubt, NotApplied, Outcome, make_note
from batch.planning.plan import make_plan
from batch.planning.settlement import is_awaiting_person
from batch.report.verdict import Contents, judge_contents
from batch.runner.execute import perform
from batch.runner.open_account import decide
from batch.runner.session import Environment
from tests.builders import ACCESS, NOON, checked, known_to
from tests.ledger_in_memory import MemoryLedger
from tests.provider_in_memory import MAIN, ProviderInMemory
from tests.report.views import sheet_of, values
from tests.runner.worlds import OPTIONS, Clock

ROWS = 1000
TOKENS = [f"sub-{number:04}" for number in range(1, 41)]
A_MOMENT = timedelta(seconds=1)


class FaultyProvider(ProviderInMemory):
    """Loses answers, before and after it applied, slows down, refuses, cannot be reached; and its accounts spend."""

    def __init__(self, rng: random.Random, now: Callable[[], datetime]) -> None:
        super().__init__(Decimal("30000.000"), dict.fromkeys(TOKENS, Decimal("40.000")))
        self.rng, self.now = rng, now
        self.moved: dict[int, tuple[Movement, datetime]] = {}
        """The truth: what was applied, and when."""
        self.spent: Counter[str] = Counter()

    def be_called(self, call: str) -> None:
        if call == "move" and self.rng.random() < 0.05:
            self.spend(self.rng.choice([MAIN, *TOKENS]), Decimal("0.045"))

    def spend(self, account: str, amount: Decimal) -> None:
        self.give(account, -amount)
        self.spent[account] += to_thousandths(amount)

    def apply(self, movement: Movement) -> Applied:
        assert movement.row not in self.moved
        self.moved[movement.row] = movement, self.now()
        return super().apply(movement)

    def answer(self, movement: Movement) -> Outcome:
        fate = self.rng.random()
        if fate < 0.02:
            return NotApplied(make_note("connection-refused"))
        if fate < 0.04:
            if movement.amount < 4:
                # As much is spent as the row would have moved, so that the balances do not tell.
                self.spend(MAIN if movement.direction is Direction.ADD else movement.token, movement.amount)
            return Doubt(make_note("answer-late"))
        if fate < 0.08 and self.refusal(movement) is None:
            self.apply(movement)
            return Doubt(make_note("connection-closed"))
        if fate < 0.10:
            return self.recall(8, "Crédit insuffisant")
        return super().answer(movement)


def make_rows(rng: random.Random) -> list[list[Cell]]:
    """A thousand rows, some of which have an error."""
    rows: list[list[Cell]] = []
    for _number in range(ROWS):
        way = "remove" if rng.random() < 0.2 else "add"
        most = 300 if way == "remove" else 4000
        amount: Cell = "?" if rng.random() < 0.01 else Decimal(rng.randint(1, most)) / 100
        rows.append([rng.choice(TOKENS), amount, way])
    return rows


def play(seed: int) -> tuple[BatchView, FaultyProvider, MemoryLedger]:
    """Run it, resume it and decide, until the batch has ended."""
    rng, clock, ledger = random.Random(seed), Clock(), known_to(MemoryLedger())
    provider = FaultyProvider(rng, clock.now)
    sheet = checked(*make_rows(rng), known=frozenset(TOKENS))
    opening = Balances(provider.main, dict(provider.held), NOON)
    ledger.create(NewBatch("b-1", NOON, sheet, make_plan(sheet), opening, ACCESS, "me@example.com"))
    for _time in range(100):
        world = Environment(provider, ledger, clock.now, clock, clock, random.Random(1), clock.monotonic)
        perform(world, ledger.work("b-1"), OPTIONS, {})
        view = ledger.view("b-1")
        if view.head.state is BatchState.FINISHED:
            return view, provider, ledger
        clock.at += timedelta(hours=5)  # Somebody has to come, perhaps on another day.
        for entry in filter(lambda entry: is_awaiting_person(entry.result), view.rows):
            applied = entry.row.number in provider.moved
            decide(ledger, "b-1", entry.row.number, applied=applied, who="me", why="looked", now=clock.now)
    raise AssertionError("the batch does not end")


def sum_truth(provider: FaultyProvider) -> dict[str, dict[Direction, Decimal]]:
    sums: defaultdict[str, dict[Direction, Decimal]] = defaultdict(lambda: dict.fromkeys(Direction, ZERO))
    for movement, _at in provider.moved.values():
        sums[movement.token][movement.direction] += movement.amount
    return sums


def euros(value: object) -> Decimal:
    """A number of a workbook as the money that it stands for."""
    return round(Decimal(repr(value)), 3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_figure_of_every_paper_is_the_providers(seed: int, tmp_path: Path) -> None:
    view, provider, ledger = play(seed)
    assert verify.find_difference(ledger, "b-1") is None
    assert sum(entry.result.attempts > 1 for entry in view.rows) > 10
    assert any(event.kind == "person-decided" for event in view.events)
    done = {entry.row.number for entry in view.rows if entry.result.status is Status.DONE}
    assert done == set(provider.moved)
    assert len(provider.applied) == len(provider.moved)
    for entry in view.rows:
        if entry.result.moved_at is not None:
            lag = provider.moved[entry.row.number][1] - entry.result.moved_at
            assert timedelta(0) <= lag < A_MOMENT, f"row {entry.row.number} moved {lag} after it is said to have"
    check_workbook(tmp_path / "paper.xlsx", view, provider)
    check_text(tmp_path / "paper.csv", view, provider)
    check_document(tmp_path / "paper.json", view, provider)
    check_paper(tmp_path / "paper.pdf", view, provider)


def check_workbook(path: Path, view: BatchView, provider: FaultyProvider) -> None:
    from openpyxl import load_workbook

    write_batch(path, view, NOON)
    book, truth = load_workbook(path), sum_truth(provider)
    titles, *lines = values(sheet_of(book, "Rows"))
    at = {title: index for index, title in enumerate(titles)}
    statuses = {line[at["Row in sheet"]]: line for line in lines if line[at["Row in sheet"]] is not None}
    word = name_status(Status.DONE)
    found = {number for number, line in statuses.items() if line[at["Status"]] == word}
    assert found == set(provider.moved)
    for number, (movement, _at) in provider.moved.items():
        assert euros(statuses[number][at["Amount"]]) == movement.amount
        assert (statuses[number][at["Code"]] == 200) == (view.rows[number - 2].result.note is None)
    summary = {line[0]: line for line in values(sheet_of(book, "Summary"))}
    totals = {way: sum((sums[way] for sums in truth.values()), ZERO) for way in Direction}
    counts = Counter(movement.direction for movement, _at in provider.moved.values())
    added, removed = (counts[way] for way in Direction)
    assert (summary[word][2], summary[word][4], summary[word][6]) == (added, removed, len(provider.moved))
    assert (euros(summary[word][3]), euros(summary[word][5])) == (totals[Direction.ADD], totals[Direction.REMOVE])
    closing = [euros(value) for value in (summary["Closing balance"][3], summary["Closing balance"][5])]
    assert closing == [provider.main, sum(provider.held.values(), ZERO)]
    spent = Decimal(sum(provider.spent.values())) / 1000
    assert euros(summary["Difference"][6]) == -spent
    told = judge_contents(Contents(view, None)).sentence
    assert f"the accounts hold €{spent:.3f} less".replace("0 less", " less") in told
    balances = {line[0]: line[1:7] for line in values(sheet_of(book, "Balances"))}
    for token in TOKENS:
        opening, received, given, expected, final, difference = map(euros, balances[token])
        assert (opening, final) == (Decimal(40), provider.held[token])
        assert (received, given) == (truth[token][Direction.ADD], truth[token][Direction.REMOVE])
        assert (expected, difference) == (final - difference, Decimal(-provider.spent[token]) / 1000)


def check_text(path: Path, view: BatchView, provider: FaultyProvider) -> None:
    write_batch(path, view, NOON)
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == ROWS
    by_row = {int(line["Row in sheet"]): line for line in lines}
    assert {number for number, line in by_row.items() if line["Status"] == "done"} == set(provider.moved)
    for number, (movement, _at) in provider.moved.items():
        assert Decimal(by_row[number]["Amount"]) == movement.amount
        assert by_row[number]["Token"] == movement.token


def check_document(path: Path, view: BatchView, provider: FaultyProvider) -> None:
    write_batch(path, view, NOON)
    told: Any = json.loads(path.read_bytes())
    truth = sum_truth(provider)
    assert told["counts"]["done"] == len(provider.moved)
    for name, way in (("added", Direction.ADD), ("removed", Direction.REMOVE)):
        assert Decimal(told["totals"][name]) == sum((sums[way] for sums in truth.values()), ZERO)
    assert Decimal(told["main_balance"]["after"]) == provider.main
    assert Decimal(told["books"]["main_difference"]) == Decimal(-provider.spent[MAIN]) / 1000
    for token, difference in told["books"]["subaccount_differences"].items():
        assert Decimal(difference) == Decimal(-provider.spent[token]) / 1000
    assert Decimal(told["books"]["together"]) == Decimal(-sum(provider.spent.values())) / 1000
    assert (told["books"]["alarm"], told["books"]["short"]) == ([], [])
    for row in told["rows"]:
        if row["status"] == "done":
            movement, at = provider.moved[row["row"]]
            assert (row["token"], Decimal(row["amount"])) == (movement.token, movement.amount)
            assert timedelta(0) <= at - datetime.fromisoformat(row["moved_at"]) < A_MOMENT
    decided = [entry for entry in view.events if entry.kind == "person-decided"]
    assert [made["row"] for made in told["decisions"]] == [event.data["row"] for event in decided]
    assert all(made["applied"] == (made["row"] in provider.moved) for made in told["decisions"] if made["applied"])


def check_paper(path: Path, view: BatchView, provider: FaultyProvider) -> None:
    from pypdf import PdfReader

    write_batch(path, view, NOON)
    text = "\n".join(page.extract_text() for page in PdfReader(path).pages)
    lines = re.findall(r"^(\d+) (sub-\d{4}) (add|remove) €([\d,.]+) done\b", text, re.MULTILINE)
    told = {int(row): (token, way, Decimal(euros.replace(",", ""))) for row, token, way, euros in lines}
    assert told == {
        number: (movement.token, movement.direction, movement.amount)
        for number, (movement, _at) in provider.moved.items()
    }
    truth = sum_truth(provider)
    totals = {way: sum((sums[way] for sums in truth.values()), ZERO) for way in Direction}
    counts = Counter(movement.direction for movement, _at in provider.moved.values())
    done = " ".join(f"{counts[way]} €{totals[way]:,.2f}" for way in Direction)
    assert f"done Moved, exactly once {done} {len(provider.moved)}\n" in text
    assert f"Closing balance €{provider.main:,.3f} €{sum(provider.held.values(), ZERO):,.3f}" in text
