"""The provider's codes: what each means, and what it is for a batch (API page of the two credit calls).

The endpoint's own page is the contract. Another page of the same provider gives the numbers other meanings, so the
server's own message is always kept and shown beside ours, and a code that is not here is a refusal of its row.
"""

from __future__ import annotations

from collections.abc import Mapping

OK = 200
MAIN_BALANCE_EMPTY = 6
SUBACCOUNT_UNKNOWN = 7
CREDIT_INSUFFICIENT = 8

MEANINGS: Mapping[int, str] = {
    1: "The API key is required",
    2: "The amount is required",
    3: "The sub-account is required",
    4: "This account is not authorised",
    5: "The amount must be greater than 0",
    MAIN_BALANCE_EMPTY: "The main account's balance must be greater than 0",
    SUBACCOUNT_UNKNOWN: "The sub-account does not exist",
    CREDIT_INSUFFICIENT: "Not enough credit",
    10: "The API key is wrong",
    11: "Not enough credit",
    20: "The account is disabled",
    30: "The account is blocked",
    40: "Access to the API is denied",
    90: "The provider could not read the request",
    96: "This computer's IP address is not authorised",
    OK: "Done",
    500: "The provider has an internal problem",
}

STOPPING = frozenset({1, 4, 10, 20, 30, 40, 96})
"""Refusals that every further row would get as well."""


def meaning(code: int | None) -> str:
    """Our words for a code; says so where the code is not a documented one."""
    if code is None:
        return "Refused without a code"
    return MEANINGS.get(code, f"Code {code}, which the provider does not document")
