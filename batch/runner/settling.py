"""Finding out whether a doubtful movement was applied, from readings of the balances a settling time apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tenacity import Retrying, retry_if_result, stop_after_attempt

from batch.errors import SubAccountGone
from batch.ledger.events import BalancesRead, Purpose
from batch.model import Movement
from batch.notes import note
from batch.planning.settlement import Reading, Verdict, agree, settle
from batch.provider.client import Provider

MAX_READINGS = 4
"""A late server can change the balances between two readings; two in a row must agree, so a few more are taken."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The verdict and the last reading that it rests on, None if the provider gave none."""

    verdict: Verdict
    reading: Reading | None


class BalanceReader:
    """Reads the two balances that a movement touches: `/me`, and the page of the list that held the sub-account."""

    def __init__(self, provider: Provider, pages: dict[str, int]) -> None:
        self._provider = provider
        self._pages = pages

    def read(self, token: str) -> Reading:
        """Both balances now; `ProviderError` if they cannot be had, `SubAccountGone` if they never can."""
        main = self._provider.main_account().balance
        page = self._pages.get(token)
        accounts = self._provider.subaccounts_on(page) if page else ()
        found = next((account for account in accounts if account.token == token), None)
        if found is None:
            whole = self._provider.subaccounts()
            self._pages.update((account.token, account.page) for account in whole)
            found = next((account for account in whole if account.token == token), None)
        if found is None:
            raise SubAccountGone(note("subaccount-gone", token=token))
        return Reading(main, found.balance)


def settle_doubt(
    movement: Movement,
    before: Reading,
    read: Callable[[], Reading],
    is_stale: Callable[[Reading], bool],
    wait: Callable[[], None],
) -> Evidence:
    """Take readings, each recorded by `read`, until two in a row agree on a verdict; `wait` comes between two.

    One that contradicts a movement known to be done is stale, and not counted.
    """
    last: Verdict | None = None

    def read_once_more() -> Evidence:
        nonlocal last
        reading = read()
        verdict = settle(movement.direction, movement.amount, before, reading)
        if verdict is Verdict.UNKNOWN and is_stale(reading):
            return Evidence(Verdict.UNKNOWN, reading)
        before_this, last = last, verdict
        return Evidence(Verdict.UNKNOWN if before_this is None else agree(before_this, verdict), reading)

    retrying = Retrying(
        retry=retry_if_result(lambda evidence: evidence.verdict is Verdict.UNKNOWN),
        stop=stop_after_attempt(MAX_READINGS),
        sleep=lambda _seconds: wait(),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    return retrying(read_once_more)


def evidence_fact(movement: Movement, reading: Reading, at: datetime) -> BalancesRead:
    """The reading as the ledger keeps it."""
    return BalancesRead(at, Purpose.SETTLING, reading.main, {movement.token: reading.subaccount})
