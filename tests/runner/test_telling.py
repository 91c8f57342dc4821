"""What is said when a run stops is made of whole sentences, in both languages."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from batch.i18n import Language, speaking
from batch.model import Direction, Movement
from batch.notes import Doubt, NotApplied, Note, Throttled, note, tell
from batch.provider.codes import translate
from batch.runner.doubts import doubted_reason, stop_reason, unproven_reason, unread_reason, untold_reason

ROW = Movement(4, "sub-1", Direction.ADD, Decimal(10))
REASONS = [
    stop_reason(ROW, NotApplied(note("connection-refused")), 5),
    stop_reason(ROW, Throttled(note("asked-to-slow-down")), 5),
    stop_reason(ROW, Doubt(note("answer-late")), 5),
    stop_reason(ROW, Doubt(note("blocked", status="403"), None, True), 1),
    stop_reason(ROW, translate(20, ""), 1),
    unproven_reason(translate(77, "Non")),
    unproven_reason(translate(None, "Non")),
    unproven_reason(translate(77, "")),
    untold_reason(4),
    doubted_reason(4),
    unread_reason(ROW, note("unreachable", why=note("answer-late"))),
]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_to_stop_reads_as_sentences_with_no_full_stop_inside_brackets(
    reason: Note, language: Language
) -> None:
    with speaking(language):
        told = tell(reason)
    assert told.endswith(".")
    assert not re.search(r"\.\)|\.\.|\([A-ZÀ-Ý][a-z]", told)
    assert (told == tell(reason)) is (language is Language.ENGLISH)


def test_why_the_balances_could_not_be_read_follows_as_a_sentence_of_its_own() -> None:
    assert tell(REASONS[-1]) == (
        "Whether row 4 was applied is unknown, because the balances cannot be read. "
        "The provider cannot be reached: no answer came in time; nothing was moved."
    )
