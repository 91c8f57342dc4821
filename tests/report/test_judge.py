"""The verdict counts rows the way its language does, and a row that was only interrupted is for nobody to decide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batch.i18n import Language, use_language
from batch.model import BatchState, Status
from batch.report.verdict import judge
from tests.report.views import view_of

RUNNING, STOPPED, FINISHED = BatchState.RUNNING, BatchState.STOPPED, BatchState.FINISHED


def sentence(state: BatchState, rows: dict[str, int], *, awaits_person: bool = True) -> str:
    head = replace(view_of([]).head, state=state)
    counted = {status: rows.get(status.value, 0) for status in Status}
    return judge(head, counted, None, awaits_person=awaits_person).sentence


@pytest.mark.parametrize(
    ("state", "rows", "english", "french"),
    [
        (RUNNING, {"done": 1, "pending": 13}, "1 of 14 rows was done", "1 ligne sur 14 a été effectuée"),
        (RUNNING, {"done": 2, "pending": 12}, "2 of 14 rows were done", "2 lignes sur 14 ont été effectuées"),
        (
            RUNNING,
            {"done": 2, "unknown": 1, "pending": 11},
            "done, 1 is under way and 11 can still be sent",
            "1 est en cours et 11 peuvent encore être envoyées",
        ),
        (RUNNING, {"unknown": 1}, "the only row is under way", "la seule ligne est en cours"),
        (RUNNING, {"pending": 14}, "0 of 14 rows were done", "0 ligne sur 14 a été effectuée"),
        (STOPPED, {"pending": 1}, "the only row can still be sent", "la seule ligne peut encore être envoyée"),
        (FINISHED, {"done": 1}, "The only row was done", "La seule ligne a été effectuée"),
        (FINISHED, {"refused": 1}, "the only row was refused", "la seule ligne a été refusée"),
        (STOPPED, {"done": 1, "unknown": 2}, "of 2 it is not known whether", "1 ligne sur 3 a été effectuée"),
    ],
)
def test_rows_are_counted_as_the_language_does(
    state: BatchState, rows: dict[str, int], english: str, french: str
) -> None:
    assert english in sentence(state, rows)
    with use_language(Language.FRENCH):
        assert french in sentence(state, rows)


def test_what_was_only_interrupted_is_for_nobody_to_decide() -> None:
    rows = {"done": 1, "unknown": 1}
    assert sentence(STOPPED, rows).endswith("a person must decide on what is in doubt.")
    assert sentence(STOPPED, rows, awaits_person=False).endswith("resuming finds out about what is in doubt.")
    with use_language(Language.FRENCH):
        assert sentence(STOPPED, rows, awaits_person=False).endswith("la reprise établira ce qui est incertain.")
