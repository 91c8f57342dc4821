"""The provider's codes: what each means, and what it is for a batch (API page of the two credit calls).

The endpoint's own page is the contract. Another page of the same provider gives the numbers other meanings, so the
server's own message is always kept and shown beside ours. A code that is no documented refusal proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from batch.notes import Note, Refused, make_note
from batch.planning.plan import Shortfall

OK = 200
_MEANINGS: Mapping[int, str] = {
    1: "key-missing", 2: "amount-missing", 3: "subaccount-missing", 4: "not-authorised", 5: "amount-not-positive",
    6: "main-account-empty", 7: "subaccount-unknown", 8: "no-credit", 10: "key-wrong", 11: "no-credit",
    20: "account-disabled", 30: "account-blocked", 40: "access-denied", 90: "request-unreadable",
    96: "ip-not-authorised", OK: "done", 500: "provider-in-trouble",
}  # fmt: skip
FORESEEN: Mapping[Shortfall, int] = {
    Shortfall.MAIN_ACCOUNT_EMPTY: 6,
    Shortfall.NO_SUBACCOUNT: 7,
    Shortfall.NOT_ENOUGH_CREDIT: 8,
}
"""The codes of the refusals that a forecast foresees."""
SLOW_DOWN = 429
"""Named among the codes of a body, not only as an HTTP status."""

PROOF = frozenset({*range(1, 12), 20, 30, 40, 90, 96})
"""Refusals that prove that nothing was applied."""

FAILURES = 500
"""From here on a code says that the provider failed, which says nothing of the movement."""

ABOUT_THE_KEY = frozenset({1, 9, 10})
"""One page lists a wrong key as 9, which no answer was seen with."""
STOPPING = frozenset({1, 4, 10, 20, 30, 40, 96})
"""Refusals that every further row would get as well."""


def explain(code: int | None) -> Note:
    """Explain a code, or say that it is not a documented one."""
    if code is None:
        return make_note("no-code")
    return make_note(_MEANINGS[code]) if code in _MEANINGS else make_note("code-unknown", code=code)


def translate(code: int | None, words: str, *, by_field: bool = False) -> Refused:
    """Say what a refusal with this code is for a batch."""
    return Refused(code, words, by_field, code in STOPPING, explain(code))
