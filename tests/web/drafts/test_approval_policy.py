"""Who may approve, how many must, and what is in the way."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from batch.web.drafts.approval_policy import (
    Options,
    Screen,
    Standing,
    compare_screens,
    count_needed_approvals,
    find_hindrance,
)
from batch.web.drafts.approvals import list_blockers
from batch.web.models import Version
from batch.web.rules import AmountLimits, RulesInForce

SCREEN = Screen(
    plan="p", order="o", movements=3, added=Decimal(100), removed=Decimal(20), invalid=0,
    findings=(), is_forecast=True, refused=0, refusals="r", top_up=0,
)  # fmt: skip
STANDING = Standing(
    is_checked=True, is_approver=True, is_author=False, is_alone=False, has_approved=False, approvals=0, needed=1
)
MAY, NO_APPROVER, OWN_WORK, ALREADY, STATE = "", "Only approvers", "four eyes", "already", "any more"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, MAY), ({"is_approver": False}, NO_APPROVER), ({"is_author": True}, OWN_WORK),
        ({"has_approved": True, "approvals": 1, "needed": 2}, ALREADY), ({"is_checked": False}, STATE),
        ({"is_author": True, "is_alone": True}, MAY),
        ({"is_author": True, "is_alone": True, "is_approver": False}, NO_APPROVER),
        ({"is_author": True, "is_alone": True, "has_approved": True}, ALREADY),
    ],
)  # fmt: skip
def test_who_may_approve(changed: dict[str, Any], why: str) -> None:
    told = find_hindrance(replace(STANDING, **changed))
    assert why in told
    assert bool(why) == bool(told)


@pytest.mark.parametrize(
    ("largest", "limits", "needed"),
    [
        (Decimal(50), AmountLimits(), 1),
        (Decimal(50), AmountLimits(row=Decimal(50)), 1),
        (Decimal("50.001"), AmountLimits(row=Decimal(50)), 2),
        (Decimal(50), AmountLimits(batch=Decimal(120)), 1),
        (Decimal(50), AmountLimits(batch=Decimal("119.999")), 2),
        (Decimal(50), AmountLimits(row=Decimal(0), batch=Decimal(0)), 2),
    ],
)
def test_above_a_limit_two_must_approve(largest: Decimal, limits: AmountLimits, needed: int) -> None:
    version = Version(largest=largest, added=Decimal(100), removed=Decimal(20))
    assert count_needed_approvals(version, RulesInForce(False, limits, limits)) == needed
    assert count_needed_approvals(version, RulesInForce(True, limits, limits)) == 1


@pytest.mark.parametrize(
    ("screen", "options", "found"),
    [
        (SCREEN, Options(), []),
        (replace(SCREEN, is_forecast=False), Options(), ["provider could not be asked"]),
        (replace(SCREEN, invalid=1), Options(), ["1 row has an error"]),
        (replace(SCREEN, invalid=1), Options(skip_invalid=True), []),
        (replace(SCREEN, refused=1), Options(), ["1 row would be refused. Correct"]),
        (
            replace(SCREEN, refused=2, top_up=3),
            Options(),
            ["2 rows would be refused. Top up the main account by at least €3"],
        ),
        (replace(SCREEN, refused=1), Options(partial=True), []),
        (replace(SCREEN, movements=0), Options(skip_invalid=True, partial=True), ["no row that can be sent"]),
        (replace(SCREEN, invalid=1, refused=1), Options(), ["has an error", "would be refused"]),
    ],
)
def test_what_blocks(screen: Screen, options: Options, found: list[str]) -> None:
    blockers = list_blockers(screen, options, has_sheet_errors=False, is_repeated=False)
    assert all(part in blocker for part, blocker in zip(found, blockers, strict=True))


def test_sheet_errors_and_repetitions_block() -> None:
    errors, repeated = list_blockers(SCREEN, Options(), has_sheet_errors=True, is_repeated=True)
    assert "The sheet as a whole has errors" in errors
    assert "This list was run before" in repeated


def test_what_changed_is_told() -> None:
    assert compare_screens(SCREEN, SCREEN) == []
    assert compare_screens(SCREEN, replace(SCREEN, refusals="x", top_up=3)) == [
        "other rows would be refused",
        "another amount is to be topped up",
    ]
    assert compare_screens(SCREEN, replace(SCREEN, order="x")) == ["other rows would be sent"]
    (forecast,) = compare_screens(SCREEN, replace(SCREEN, is_forecast=False))
    assert "the provider can be asked again" in forecast
    (findings,) = compare_screens(SCREEN, replace(SCREEN, findings=("a",)))
    assert "the findings about the sheet" in findings
