"""What a ledger of the time before notes says in English is read as the notes that it would be today."""

from __future__ import annotations

import importlib
import json
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any, cast

import pytest

from batch.i18n import Language, use_language
from batch.ledger import events
from batch.ledger.events import AttemptBegan, AttemptEnded, Fact, PersonDecided, RowSettled, StateChanged
from batch.ledger.old_sentences import read_reason, read_row_note, read_sentence
from batch.ledger.verify import find_difference
from batch.model import BatchState, Cell, Status
from batch.notes import make_note, tell
from batch.planning.settlement import is_account_refusal, is_awaiting_person
from tests.builders import NOON, known_to, make_event, new_batch

NOTES = "batch.ledger.orm.migrations.0006_notes"
ATTEMPTS = "batch.ledger.orm.migrations.0008_attempted_at"
SENTENCES: dict[str, str] = json.loads(Path(__file__).with_name("old_sentences.json").read_text("utf-8"))
"""All that ledgers of that time may say: never changed, whatever is said today."""


@pytest.mark.parametrize("sentence", SENTENCES)
def test_each_is_recognised_with_what_was_filled_in(sentence: str) -> None:
    names = [name for _text, name, *_ in Formatter().parse(sentence) if name]
    stored = sentence.format_map({name: f"<{number}>" for number, name in enumerate(names)})
    read = read_sentence(stored)
    assert read is not None
    assert read.code == SENTENCES[sentence]
    with use_language(Language.FRENCH):
        told = tell(read)
    assert all(f"<{number}>" in told for number in range(len(names)))
    assert told != stored or sentence == "code {code}"


def test_a_sentence_within_a_sentence_is_read_in_its_turn() -> None:
    stored = "Row 5 could not be sent: something between this computer and the provider refuses (HTTP status 403)."
    read = read_sentence(stored)
    assert read is not None
    assert read.params["why"].code == "blocked"
    assert tell(read) == stored


@pytest.mark.parametrize("said", ["Whatever the provider said", "", "{row}", "Row"])
def test_what_is_not_recognised_is_told_as_it_is(said: str) -> None:
    assert tell(read_sentence(said)) == said


def test_what_a_person_gave_as_the_reason_is_not_taken_for_a_sentence_of_ours() -> None:
    data = {"state": "abandoned", "reason": "It was interrupted."}
    assert read_reason(data) == make_note("said", words="It was interrupted.")
    assert read_reason({**data, "state": "stopped"}) == make_note("interrupted")


@pytest.mark.parametrize("code", [1, 4, 10, 20, 30, 40, 96])
@pytest.mark.parametrize("said", [None, "Settled by the balances: it was not applied"])
def test_a_refusal_that_every_row_would_get_is_known_as_one(code: int, said: str | None) -> None:
    read = read_row_note({"status": "refused", "code": code, "note": said})
    assert read is not None
    assert read.params["refuses"] == "account"


def test_any_other_refusal_has_no_note() -> None:
    assert read_row_note({"status": "refused", "code": 8, "note": None}) is None


def test_an_older_ledger_is_brought_up_to_date_and_its_chain_stays_whole(database: None) -> None:
    from django.apps import apps

    from batch.ledger.orm.models import Batch, Event, Movement
    from batch.ledger.orm.store import DatabaseLedger

    ledger = known_to(DatabaseLedger())
    rows: list[list[Cell]] = [["sub-1", Decimal(10 + row), "add"] for row in range(4)]
    ledger.create(new_batch(*rows))
    tip = events.Tip(*Event.objects.filter(batch="b-1").order_by("-number").values_list("number", "hash")[0])
    old: Any = cast("Any", str)  # what a note was
    facts: list[Fact] = [StateChanged(NOON, BatchState.RUNNING, by="Carla")]
    for row in (2, 3, 4, 5):
        facts.append(AttemptBegan(NOON, row, 1, Decimal(1000), Decimal(100)))
    lost = old("The balances do not tell whether it was applied")
    facts += [
        AttemptEnded(NOON, 2, 1, "Doubt", Status.UNKNOWN, None, None, note=old("no answer came in time")),
        RowSettled(NOON, 2, 1, Status.UNKNOWN, lost),
        AttemptEnded(NOON, 3, 1, "Doubt", Status.UNKNOWN, None, None, note=old("the connection was reset")),
        RowSettled(NOON, 3, 1, Status.UNKNOWN, lost),
        PersonDecided(NOON, 3, 1, applied=True, who="Carla", why="a call: it decided that it was applied: yes"),
        AttemptEnded(NOON, 4, 1, "Refused", Status.REFUSED, 20, "disabled"),
        StateChanged(NOON, BatchState.STOPPED, old("Whether row 2 was applied is unknown: the balances do not tell.")),
    ]
    for fact in facts:
        event = make_event(tip, fact)
        Event.objects.create(
            batch_id="b-1", number=event.number, at=event.at, kind=event.kind, data=event.data, hash=event.hash
        )
        tip = events.Tip(event.number, event.hash)
    lines = Movement.objects.filter(batch="b-1")
    lines.update(attempts=1, at=NOON, status="unknown", note="An attempt was begun and its outcome is not recorded")
    lines.update(main_before=Decimal(1000), subaccount_before=Decimal(100))
    lines.filter(row=2).update(note=lost)
    lines.filter(row=3).update(status="done", code=200, note="Carla decided that it was applied: a call …")
    lines.filter(row=4).update(status="refused", code=20, message="disabled", note=None)
    reason = "Whether row 2 was applied is unknown: the balances do not tell."
    Batch.objects.filter(name="b-1").update(
        state="stopped",
        reason=reason,
        events_count=tip.number,
        last_hash=tip.hash,
        running_at=NOON,
        ended_at=NOON,
        people={"run": ["Carla"]},
    )

    importlib.import_module(NOTES).write_notes(apps, None)
    importlib.import_module(ATTEMPTS).read_attempts(apps, None)

    view = ledger.view("b-1")
    assert find_difference(ledger, "b-1") is None
    assert tell(view.head.reason) == reason
    told = {entry.row.number: entry.result for entry in view.rows}
    assert (told[3].code, told[3].attempted_at) == (None, NOON)
    assert is_awaiting_person(told[2])
    assert tell(told[3].note) == "Carla decided that it was applied: a call: it decided that it was applied: yes"
    assert is_account_refusal(told[4])
    assert told[5].note == make_note("under-way")
    with use_language(Language.FRENCH):
        assert tell(view.head.reason).startswith("On ne sait pas si la ligne 2")
