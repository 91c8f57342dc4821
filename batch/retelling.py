"""What the ledger says, told to whoever reads it.

The ledger is kept in English whoever runs: its record is compared with itself, and may be read by somebody who speaks
another language than the one who ran it. So a sentence of ours that was stored is recognised and told again in the
reader's language; the provider's and people's own words in it stay as they are.
"""

from __future__ import annotations

import re
from functools import cache

from batch.language import N_, _

SENTENCES = (
    # Why a run stopped (batch/runner).
    N_("The provider refuses the whole account with code {code}: {meaning} (it says “{words}”)."),
    N_("The provider refuses the whole account with code {code}: {meaning}."),
    N_("Row {row} could not be sent: {why}."),
    N_("The provider refused {count} rows in a row in a way that it does not document: {meaning}."),
    N_("The provider refused {count} rows in a row in a way that it does not document: {meaning} (it says “{words}”)."),
    N_("Row {row} was sent {times} times and never applied."),
    N_("Row {row} was not applied by the balances, and a person must agree to send it again."),
    N_("Whether row {row} was applied is unknown: {why}."),
    N_("Whether row {row} was applied is unknown, because the balances cannot be read. {why}"),
    N_("The balances cannot be read. {why}"),
    N_("the closing balances cannot be read: {why}"),
    N_("row {row} is being settled"),
    N_(
        "Balances changed by what rows would move ({rows}), as if these had been applied without this ledger: "
        "a person must decide."
    ),
    N_("sub-account {token} holds {amount} more than the ledger last knew, from elsewhere"),
    # What a person decided (batch/ledger/replay.py).
    N_("{who} decided that it was applied: {reason}"),
    N_("{who} decided that it was not applied: {reason}"),
    # What came of a call (batch/provider).
    N_("the answer had HTTP status {status}"),
    N_("a success with HTTP status {status}"),
    N_("the provider says that it failed, with code {code}"),
    N_("something between this computer and the provider refuses (HTTP status {status})"),
    N_("The provider cannot be reached: {why}; nothing was moved."),
    N_("The provider answers with HTTP status {status}: try again later; nothing was moved."),
    N_(
        "The address {address} does not answer as the provider's API does ({why}, HTTP status {status}): "
        "check CREDITBATCH_API_URL; nothing was moved."
    ),
    N_("The address {address} answers with HTTP status {status}: check CREDITBATCH_API_URL; nothing was moved."),
    N_("The answer of {address} is not usable: {why}; nothing was moved."),
    N_("The provider refused ({code}: {meaning}; {said}): {hint}; nothing was moved."),
    N_("The provider's list no longer holds the sub-account {token}."),
    N_("it says “{words}”"),
    N_("code {code}"),
    N_("Code {code}, which the provider does not document"),
    # What is wrong with the ledger itself (batch/ledger/sentences.py).
    N_("The ledger cannot be read or written ({why}); nothing more was sent."),
    N_("Another program has taken batch {batch} over: let it end, then resume."),
    N_("Another program is writing to batch {batch}: let it end, then resume."),
)
"""Sentences with something filled in; one without is looked up as it is."""

_IN_THEIR_TURN = {"why", "meaning", "said", "hint", "code"}
"""The fields that hold a sentence of ours, to be told again in its turn."""


def retold(said: str) -> str:
    """What was stored, in the language in force; what is not recognised stays as it was stored."""
    plain = _(said)
    if plain != said:
        return plain
    for sentence in SENTENCES:
        found = _pattern(sentence).fullmatch(said)
        if found:
            fields = found.groupdict()
            fields.update((name, retold(fields[name])) for name in _IN_THEIR_TURN & fields.keys())
            return _(sentence).format_map(fields)
    return said


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(sentence)), re.DOTALL)
