"""What a version keeps of a dry run as JSON is what earlier versions of the program wrote and read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from batch.web.drafts.approval_policy import Options, Screen, digest_screen
from batch.web.drafts.versions import Foreseen
from batch.web.models import Version

SCREEN: dict[str, Any] = {
    "plan": "p", "order": "o", "movements": 3, "added": 100_500, "removed": 20_005, "invalid": 0,
    "findings": ["movements-again"], "is_forecast": True, "refused": 1, "refusals": "r", "top_up": 7,
    "account": "Me", "address": "https://localhost:443",
}  # fmt: skip
FORECAST: dict[str, Any] = {
    "before": 100_000, "after": 75_500, "lowest": 70_001, "lowest_row": 3, "refused": 1, "first_refused": [4],
    "removes_first_helps": True, "course": [[0, 100_000], [1, 70_001], [2, 75_500]], "touched": 2,
}  # fmt: skip


def test_a_screen_is_kept_in_thousandths_and_named_by_the_same_digest_as_before() -> None:
    screen = Screen.from_json(SCREEN)
    assert (screen.added, screen.removed, screen.top_up) == (Decimal("100.5"), Decimal("20.005"), 7)
    assert screen.to_json() == SCREEN
    assert digest_screen(screen, Options()) == "3864609169b58f4e972c339ba2adfdb8cfe835471b7e36bcd5f5f845deb68c5a"


def test_a_forecast_that_was_kept_in_thousandths_is_read_as_euros() -> None:
    foreseen = Foreseen.from_version(Version(forecast=FORECAST))
    assert foreseen is not None
    amounts = (foreseen.before, foreseen.after, foreseen.lowest)
    assert amounts == (Decimal(100), Decimal("75.5"), Decimal("70.001"))
    assert [balance for _turn, balance in foreseen.course] == [Decimal(100), Decimal("70.001"), Decimal("75.5")]


def test_a_forecast_that_an_older_version_kept_is_read() -> None:
    older = {**FORECAST, "top_up": 6_500, "refused_codes": [8]}
    assert Foreseen.from_version(Version(forecast=older)) == Foreseen.from_version(Version(forecast=FORECAST))


def test_of_what_was_not_checked_nothing_is_foreseen() -> None:
    assert Foreseen.from_version(Version(forecast=None)) is None
