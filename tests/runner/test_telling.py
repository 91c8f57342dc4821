"""What is said when a run stops is made of whole sentences, in both languages."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from batch.i18n import Language, use_language
from batch.model import Direction, Movement
from batch.notes import Doubt, NotApplied, Note, Throttled, make_note, tell
from batch.provider.codes import translate
from batch.runner.doubts import explain_stop, explain_unknown, explain_unproven, explain_unread

ROW = Movement(4, "sub-1", Direction.ADD, Decimal(10))
REASONS = [
    explain_stop(ROW, NotApplied(make_note("connection-refused")), 5),
    explain_stop(ROW, Throttled(make_note("asked-to-slow-down")), 5),
    explain_stop(ROW, Doubt(make_note("answer-late")), 5),
    explain_stop(ROW, Doubt(make_note("blocked", status="403"), None, True), 1),
    explain_stop(ROW, translate(20, ""), 1), explain_unproven(translate(77, "Non")),
    explain_unproven(translate(None, "Non")), explain_unproven(translate(77, "")),
    explain_unknown(4, "balances-silent"), explain_unknown(4, "books-differ"),
    explain_unread(ROW, make_note("unreachable", why=make_note("answer-late"))),
]  # fmt: skip


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_to_stop_reads_as_sentences_with_no_stop_inside_brackets(reason: Note, language: Language) -> None:
    with use_language(language):
        told = tell(reason)
    assert told.endswith(".")
    assert not re.search(r"\.\)|\.\.|\([A-ZÀ-Ý][a-z]", told)
    assert (told == tell(reason)) is (language is Language.ENGLISH)


def test_why_the_balances_could_not_be_read_follows_as_a_sentence_of_its_own() -> None:
    assert tell(REASONS[-1]) == (
        "Whether row 4 was applied is unknown, because the balances cannot be read. "
        "The provider cannot be reached: no answer came in time; nothing was moved."
    )
