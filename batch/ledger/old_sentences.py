"""What older ledgers say in English sentences, read as the notes of today: what was hashed stays as it was written.

One that is not recognised is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from batch.notes import SENTENCES, UNWORDED, Note, decode_note, make_note

_OF_ACCOUNT = {
    1: "key-missing", 4: "not-authorised", 10: "key-wrong", 20: "account-disabled", 30: "account-blocked",
    40: "access-denied", 96: "ip-not-authorised",
}  # fmt: skip
"""The codes of refusals that every further row would have got as well."""
_REWORDED = {
    "the connection was reset": "connection-closed",
    "the connection was closed": "connection-closed",
    "Row {row} was sent {times} times and never applied.": "row-never-applied",
}
"""What is said otherwise today; whoever rewords one of `SENTENCES` keeps here what it was."""
_SENTENCES = {sentence: code for code, sentence in SENTENCES.items() if code not in UNWORDED} | _REWORDED
_FILLED_IN = sorted((sentence for sentence in _SENTENCES if "{" in sentence), key=len, reverse=True)
"""The longest first: of two that fit, the longer says more."""
_IN_THEIR_TURN = {"why", "meaning", "said", "hint", "code"}
"""The fields that hold a sentence, to be read in its turn."""


def read_row_note(data: Mapping[str, Any]) -> Note | None:
    """Read the note that an event has of its row."""
    said = data.get("note")
    if isinstance(said, Mapping):
        return decode_note(said)
    code = data.get("code") if data.get("status") == "refused" else None
    if code is None or code not in _OF_ACCOUNT:
        return read_sentence(said)
    if said is None:
        return make_note("account-refused", meaning=make_note(_OF_ACCOUNT[code]), refuses="account")
    read = read_sentence(said)
    return read and make_note(read.code, **read.params, refuses="account")


def read_reason(data: Mapping[str, Any]) -> Note | None:
    """Read the reason that an event has for the batch's state; who abandons one gives it in their own words."""
    said = data.get("reason")
    if isinstance(said, Mapping):
        return decode_note(said)
    if isinstance(said, str) and data.get("state") == "abandoned":
        return make_note("said", words=said)
    return read_sentence(said)


def read_sentence(said: str | None) -> Note | None:
    """Read a sentence back into the note that it would be today."""
    if said is None:
        return None
    if said in _SENTENCES:
        return make_note(_SENTENCES[said])
    for sentence in _FILLED_IN:
        found, code = _make_pattern(sentence).fullmatch(said), _SENTENCES[sentence]
        if found:
            fields = found.groupdict()
            inner = {name: read_sentence(fields[name]) for name in _IN_THEIR_TURN & fields.keys()}
            return make_note(code, **(fields | {name: _unwrap(read) for name, read in inner.items()}))
    return make_note("said", words=said)


def _unwrap(read: Note | None) -> Note | str | None:
    """Make of what is not recognised the text that it was."""
    return read.params["words"] if read is not None and read.code == "said" else read


@cache
def _make_pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(sentence)), re.DOTALL)
