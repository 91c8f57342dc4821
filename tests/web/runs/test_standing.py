"""The verdict on a batch's page counts rows the way its language does."""

from __future__ import annotations

import pytest

from batch.language import Language, speaking
from batch.model import BatchState, Status, Tally
from batch.web.runs.standing import verdict

RUNNING, STOPPED, FINISHED = BatchState.RUNNING, BatchState.STOPPED, BatchState.FINISHED


def sentence(state: BatchState, rows: dict[str, int], *, awaits_person: bool = True) -> str:
    tally = Tally({status: rows.get(status.value, 0) for status in Status})
    return verdict(state, tally, None, awaits_person=awaits_person).sentence


@pytest.mark.parametrize(
    ("state", "rows", "english", "french"),
    [
        (RUNNING, {"done": 1, "pending": 13}, "1 of 14 rows is done;", "1 ligne sur 14 est effectuée\u202f;"),
        (RUNNING, {"done": 2, "pending": 12}, "2 of 14 rows are done;", "2 lignes sur 14 sont effectuées\u202f;"),
        (RUNNING, {"pending": 14}, "0 of 14 rows are done;", "0 ligne sur 14 est effectuée\u202f;"),
        (STOPPED, {"pending": 1}, "The only row is not done;", "La seule ligne n’est pas effectuée\u202f;"),
        (FINISHED, {"done": 1}, "The only row is done;", "La seule ligne est effectuée."),
        (
            FINISHED,
            {"refused": 1},
            "The only row is not done; 1 row is to be corrected.",
            "La seule ligne n’est pas effectuée\u202f; 1 ligne",
        ),
        (STOPPED, {"done": 1, "unknown": 2}, "1 of 3 rows is done, and for 2 rows it", "1 ligne sur 3 est effectuée"),
        (
            STOPPED,
            {"unknown": 1},
            "Of the only row it is not known whether",
            "On ignore si le crédit de la seule ligne",
        ),
    ],
)
def test_rows_are_counted_as_the_language_does(
    state: BatchState, rows: dict[str, int], english: str, french: str
) -> None:
    assert sentence(state, rows).startswith(english)
    with speaking(Language.FRENCH):
        assert sentence(state, rows).startswith(french)


def test_what_was_only_interrupted_is_for_nobody_to_decide() -> None:
    rows = {"done": 1, "unknown": 1}
    said = sentence(STOPPED, rows, awaits_person=False)
    assert said.startswith("1 of 2 rows is done, and for 1 row it is not known yet whether the credit moved")
    assert said.endswith(": resuming finds out.")
    with speaking(Language.FRENCH):
        assert sentence(STOPPED, rows, awaits_person=False).endswith("la reprise l’établira.")
