"""The provider's codes: what each means, and what it is for a batch (API page of the two credit calls).

The endpoint's own page is the contract. Another page of the same provider gives the numbers other meanings, so the
server's own message is always kept and shown beside ours. A code that is no documented refusal proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from batch.language import N_, _

OK = 200
MAIN_BALANCE_EMPTY = 6
SUBACCOUNT_UNKNOWN = 7
CREDIT_INSUFFICIENT = 8

MEANINGS: Mapping[int, str] = {
    1: N_("The API key is required"),
    2: N_("The amount is required"),
    3: N_("The sub-account is required"),
    4: N_("This account is not authorised"),
    5: N_("The amount must be greater than 0"),
    MAIN_BALANCE_EMPTY: N_("The main account's balance must be greater than 0"),
    SUBACCOUNT_UNKNOWN: N_("The sub-account does not exist"),
    CREDIT_INSUFFICIENT: N_("Not enough credit"),
    10: N_("The API key is wrong"),
    11: N_("Not enough credit"),
    20: N_("The account is disabled"),
    30: N_("The account is blocked"),
    40: N_("Access to the API is denied"),
    90: N_("The provider could not read the request"),
    96: N_("This computer's IP address is not authorised"),
    OK: N_("Done"),
    500: N_("The provider has an internal problem"),
}

SLOW_DOWN = 429
"""Named among the codes of a body, not only as an HTTP status."""

PROOF = frozenset({*range(1, 12), 20, 30, 40, 90, 96})
"""Refusals that prove that nothing was applied."""

FAILURES = 500
"""From here on a code says that the provider failed, which says nothing of the movement."""

STOPPING = frozenset({1, 4, 10, 20, 30, 40, 96})
"""Refusals that every further row would get as well."""


def meaning(code: int | None) -> str:
    """Our words for a code; says so where the code is not a documented one."""
    if code is None:
        return _("Refused without a code")
    if code not in MEANINGS:
        return _("Code {code}, which the provider does not document").format(code=code)
    return _(MEANINGS[code])
