"""Who may approve, how many must, and what is in the way."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from batch.web.drafts.approval_policy import (
    ApprovalLimits,
    Asker,
    Blocker,
    Change,
    Hindrance,
    Options,
    Screen,
    Standing,
    compare_screens,
    count_needed_approvals,
    decide_blockers,
    find_hindrance,
    is_last,
    may_relax,
)

SCREEN = Screen(
    plan="p",
    order="o",
    movements=3,
    added=Decimal(100),
    removed=Decimal(20),
    invalid=0,
    findings=(),
    is_forecast=True,
    refused=0,
    refusals="r",
    top_up=0,
)
STANDING = Standing(is_checked=True, authors=frozenset({1, 2}), approvers=(), needed=1)


@pytest.mark.parametrize(
    ("asker", "standing", "why"),
    [
        (Asker(3, is_approver=True), STANDING, None),
        (Asker(3, is_approver=False), STANDING, Hindrance.NOT_AN_APPROVER),
        (Asker(1, is_approver=True), STANDING, Hindrance.OWN_WORK),
        (Asker(2, is_approver=True), STANDING, Hindrance.OWN_WORK),
        (Asker(3, is_approver=True), replace(STANDING, approvers=(3,), needed=2), Hindrance.ALREADY),
        (Asker(3, is_approver=True), replace(STANDING, is_checked=False), Hindrance.STATE),
        (Asker(1, is_approver=True, is_alone=True), STANDING, None),
        (Asker(1, is_approver=False, is_alone=True), STANDING, Hindrance.NOT_AN_APPROVER),
        (Asker(1, is_approver=True, is_alone=True), replace(STANDING, approvers=(1,)), Hindrance.ALREADY),
    ],
)
def test_who_may_approve(asker: Asker, standing: Standing, why: Hindrance | None) -> None:
    assert find_hindrance(asker, standing) is why


@pytest.mark.parametrize(
    ("largest", "limits", "needed"),
    [
        (Decimal(50), ApprovalLimits(), 1),
        (Decimal(50), ApprovalLimits(row=Decimal(50)), 1),
        (Decimal("50.001"), ApprovalLimits(row=Decimal(50)), 2),
        (Decimal(50), ApprovalLimits(batch=Decimal(120)), 1),
        (Decimal(50), ApprovalLimits(batch=Decimal("119.999")), 2),
        (Decimal(50), ApprovalLimits(row=Decimal(0), batch=Decimal(0)), 2),
    ],
)
def test_above_a_limit_two_must_approve(largest: Decimal, limits: ApprovalLimits, needed: int) -> None:
    assert count_needed_approvals(SCREEN, largest, limits, is_alone=False) == needed
    assert count_needed_approvals(SCREEN, largest, limits, is_alone=True) == 1


def test_four_eyes_are_relaxed_only_for_somebody_alone() -> None:
    assert may_relax(four_eyes=False, active_people=1)
    assert not may_relax(four_eyes=False, active_people=2)
    assert not may_relax(four_eyes=True, active_people=1)


def test_the_last_approval_makes_it_enough() -> None:
    two = replace(STANDING, needed=2)
    assert is_last(STANDING, 3)
    assert not is_last(two, 3)
    assert is_last(replace(two, approvers=(4,)), 3)
    assert not is_last(replace(two, approvers=(3,)), 3)


@pytest.mark.parametrize(
    ("screen", "options", "found"),
    [
        (SCREEN, Options(), ()),
        (replace(SCREEN, is_forecast=False), Options(), (Blocker.NOT_CHECKED,)),
        (replace(SCREEN, invalid=1), Options(), (Blocker.INVALID_ROWS,)),
        (replace(SCREEN, invalid=1), Options(skip_invalid=True), ()),
        (replace(SCREEN, refused=1), Options(), (Blocker.WOULD_BE_REFUSED,)),
        (replace(SCREEN, refused=1), Options(partial=True), ()),
        (replace(SCREEN, movements=0), Options(skip_invalid=True, partial=True), (Blocker.NOTHING_TO_SEND,)),
        (replace(SCREEN, invalid=1, refused=1), Options(), (Blocker.INVALID_ROWS, Blocker.WOULD_BE_REFUSED)),
    ],
)
def test_what_blocks(screen: Screen, options: Options, found: tuple[Blocker, ...]) -> None:
    assert decide_blockers(screen, options, has_sheet_errors=False, is_repeated=False) == found


def test_sheet_errors_and_repetitions_block() -> None:
    both = (Blocker.SHEET_ERRORS, Blocker.ALREADY_RUN)
    assert decide_blockers(SCREEN, Options(), has_sheet_errors=True, is_repeated=True) == both


def test_what_changed_is_told() -> None:
    assert compare_screens(SCREEN, SCREEN) == ()
    assert compare_screens(SCREEN, replace(SCREEN, refusals="x", top_up=3)) == (Change.REFUSALS, Change.TOP_UP)
    assert compare_screens(SCREEN, replace(SCREEN, order="x")) == (Change.MOVEMENTS,)
    assert compare_screens(SCREEN, replace(SCREEN, is_forecast=False)) == (Change.FORECAST,)
    assert compare_screens(SCREEN, replace(SCREEN, findings=("a",))) == (Change.FINDINGS,)
