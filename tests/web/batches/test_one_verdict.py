"""Whoever tells of a batch tells the same: terminal, workbook, JSON, CSV, site and mails, in both languages."""

from __future__ import annotations

import json
import random
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path

import openpyxl
import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from batch.cli.screens import print_result
from batch.export import make_batch_document, stream_json
from batch.i18n import Language, use_language
from batch.ledger.events import AttemptBegan, AttemptEnded, BalancesRead, Fact, PersonDecided, Purpose, StateChanged
from batch.ledger.lease import name_this_process
from batch.ledger.orm.store import DatabaseLedger
from batch.model import BatchState, BatchView, Cell, Direction, SheetRow, Status, name_status
from batch.money import encode_balance
from batch.notes import Note, make_note
from batch.report import result_labels
from batch.report.rows_sheet import format_rows
from batch.report.verdict import Contents, judge_contents, tell_next_steps
from batch.report.workbook import write_report
from batch.web.batches.jobs import load_books
from batch.web.batches.run_job import tell_end
from batch.web.models import Job
from tests.builders import BALANCES, NOON, known_to, new_batch
from tests.web.conftest import People

pytestmark = pytest.mark.usefixtures("mails")

ENDS = (BatchState.FINISHED, BatchState.FINISHED, BatchState.STOPPED, BatchState.ABANDONED)


def draw(ledger: DatabaseLedger, name: str, rng: random.Random) -> BatchView:
    """Write down a batch of one to five rows with whatever may become of them, and with books that may not balance."""
    rows: list[list[Cell]] = [
        [rng.choice(["sub-1", "sub-2", "nobody"]), Decimal(rng.randint(1, 900)) / 100, rng.choice(["add", "remove"])]
        for _row in range(rng.randint(1, 5))
    ]
    new = new_batch(*rows, name=name)
    ledger.create(new)
    held: dict[str | None, Decimal] = {None: BALANCES.main, **dict(BALANCES.subaccounts.items())}
    state = rng.choice(ENDS)
    facts: list[Fact] = [StateChanged(NOON, BatchState.RUNNING, by="Carla")]
    for row in (row for row in new.sheet.rows if row.is_valid):
        facts += _become(row, rng.choice(["done", "done", "refused", "unknown", "decided", "pending"]), held)
    for account in held:
        held[account] += Decimal(rng.choice(["0", "0", "0", "-0.37", "-6", "4.2"]))
    subaccounts = {token: balance for token, balance in held.items() if token is not None and rng.random() < 0.9}
    if rng.random() < 0.9:
        facts.append(BalancesRead(NOON + timedelta(minutes=1), Purpose.CLOSING, held[None], subaccounts))
    ended = NOON + timedelta(minutes=2)
    facts.append(
        StateChanged(ended, state, None if state is BatchState.FINISHED else make_note("interrupted"), "Carla")
    )
    ledger.append(name, facts)
    return ledger.view(name)


def _become(row: SheetRow, what: str, held: dict[str | None, Decimal]) -> list[Fact]:
    """Write down what became of a row."""
    if what == "pending" or row.amount is None:
        return []
    began = AttemptBegan(NOON, row.number, 1, held[None], held[row.token])

    def ended(outcome: str, status: Status, code: int | None, told: Note | None = None) -> AttemptEnded:
        main, subaccount = (held[None], held[row.token]) if status is Status.DONE else (None, None)
        return AttemptEnded(NOON, row.number, 1, outcome, status, code, None, main, subaccount, told)

    match what:
        case "done":
            signed = row.amount if row.direction is Direction.ADD else -row.amount
            held[None] -= signed
            held[row.token] += signed
            return [began, ended("Applied", Status.DONE, 200)]
        case "refused":
            return [began, ended("Refused", Status.REFUSED, 8)]
        case "decided":
            doubt = ended("Doubt", Status.UNKNOWN, None, make_note("untold"))
            return [began, doubt, PersonDecided(NOON, row.number, 1, applied=False, who="Carla", why="asked")]
    return [began, ended("Doubt", Status.UNKNOWN, None, make_note("untold"))]


def flat(text: str) -> str:
    """Without the breaks of lines."""
    return " ".join(text.split())


def check(view: BatchView, browser: Client, language: Language, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Compare what each of them tells of the batch with the verdict and the books."""
    name = view.head.batch or ""
    contents = Contents(view, None)
    expected = judge_contents(contents)
    print_result(view, None)
    assert flat(expected.in_full) in flat(capsys.readouterr().out)

    told = json.loads("".join(stream_json(make_batch_document(view, None, NOON))))
    assert (told["verdict"]["sentence"], told["verdict"]["mood"]) == (expected.sentence, expected.mood.value)
    books = {token: book.difference for token, book in contents.books.subaccounts.items()}
    assert told["books"]["subaccount_differences"] == {
        token: None if difference is None else encode_balance(difference) for token, difference in books.items()
    }

    write_report(file, Contents(view, None))
    book = openpyxl.load_workbook(file)
    summary, balances = book.worksheets[0], book[result_labels.get_report_words().balances]
    cells = [str(cell.value) for line in summary.iter_rows() for cell in line if cell.value is not None]
    assert flat(f"{expected.in_full} {tell_next_steps(view)}") in map(flat, cells)
    in_workbook = {line[0]: line[6] for line in balances.iter_rows(values_only=True)}
    for token, difference in books.items():
        assert in_workbook[token] == (None if difference is None else pytest.approx(float(difference)))

    _titles, *lines = list(format_rows(contents))
    status = len(view.columns) + 1
    assert [line[status] for line in lines] == [name_status(entry.result.status) for entry in view.rows]

    page = browser.get(reverse("batch", args=[name]), headers={"accept-language": language.value}).content.decode()
    [(mood, sentence)] = re.findall(r'<div id="verdict" class="verdict verdict-(\w+)">(.*?)<', page, re.DOTALL)
    assert (mood, unescape(sentence).strip()) == (expected.mood.value, expected.sentence)
    on_site = load_books(name)
    assert on_site.main == contents.books.main
    assert on_site.subaccounts == contents.books.subaccounts
    assert on_site.enriched == contents.books.enriched


def play(viewer: Client, seeds: range, people: People, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = known_to(DatabaseLedger())
    ledger.hold(1, name_this_process(), NOON, lambda _lease: True)
    people.approver.language = "fr"
    people.approver.save()
    for seed in seeds:
        view = draw(ledger, f"b-{seed}", random.Random(seed))
        sentences = {}
        for language in Language:
            with use_language(language):
                check(view, viewer, language, folder / "report.xlsx", capsys)
                sentences[language] = judge_contents(Contents(view, None)).in_full
        mail.outbox = []
        tell_end(Job(batch=f"b-{seed}", asked_by=people.approver), "")
        bodies = {message.to[0]: message.body for message in mail.outbox if view.head.state is not BatchState.ABANDONED}
        if bodies:
            assert sentences[Language.FRENCH] in bodies["approver@example.com"]
            assert sentences[Language.ENGLISH] in bodies["second@example.com"]


def test_all_tell_the_same(viewer: Client, people: People, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(viewer, range(8), people, tmp_path, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(100, 200, 25))
def test_all_tell_the_same_of_a_hundred_batches(
    first: int, viewer: Client, people: People, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(viewer, range(first, first + 25), people, tmp_path, capsys)
