"""The screen digest names what an approver has to see, and nothing that drifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from batch.findings import Finding
from batch.i18n import Language, use_language
from batch.model import Balances, Cell
from batch.runner.dry_run import AccountSnapshot, DryRun, make_dry_run
from batch.validation.check_sheet import Expected
from batch.web.drafts.approval_policy import Options, Screen, digest_screen, find_account_change, make_screen
from tests.builders import NOON, grid

ROWS: list[list[Cell]] = [["sub-1", Decimal(40), "add"], ["sub-2", Decimal(20), "remove"], ["sub-1", Decimal(5), "add"]]


def played(
    rows: Sequence[Sequence[Cell]] = ROWS, main: str = "100", sub_2: str = "50", *, removes_first: bool = False
) -> DryRun:
    balances = Balances(Decimal(main), {"sub-1": Decimal(0), "sub-2": Decimal(sub_2)}, NOON)
    account = AccountSnapshot("me", "http://127.0.0.1:1/v1", balances, {})
    return make_dry_run(grid(*rows), account, Expected(), removes_first=removes_first, at=NOON)


def digest(dry_run: DryRun, options: Options) -> str:
    return digest_screen(make_screen(dry_run), options)


def test_drift_that_changes_nothing_keeps_the_digest() -> None:
    assert digest(played(), Options()) == digest(played(main="99.123", sub_2="48.005"), Options())


@pytest.mark.parametrize(
    "other",
    [
        played(sub_2="19.99"),  # a remove would be refused now
        played(main="24.99"),
        played(ROWS[:2]),
        played([ROWS[1], ROWS[0], ROWS[2]]),  # the same plan digest, in other rows
        played(removes_first=True),
        replace(played(), account=None, forecast=None),
    ],
)
def test_whatever_an_approver_has_to_see_changes_it(other: DryRun) -> None:
    assert digest(played(), Options()) != digest(other, Options())


@pytest.mark.parametrize(
    "options",
    [Options(skip_invalid=True), Options(partial=True), Options(removes_first=True), Options(again=True, why="short")],
)
def test_options_change_it(options: Options) -> None:
    assert digest(played(), options) != digest(played(), Options())
    assert digest(played(), options) == digest(played(), Options.from_json(options.to_json()))


def test_a_top_up_changes_it_by_whole_euros() -> None:
    lacking = digest(played(main="20.50"), Options())
    assert lacking == digest(played(main="20.10"), Options())
    assert lacking != digest(played(main="19.90"), Options())


@pytest.mark.parametrize(
    ("name", "api_url", "is_same"),
    [
        ("me", "http://127.0.0.1:1/v1", True),
        (" ME ", "http://LOCALHOST:1/v2", True),  # the provider's spelling of it, and another version of the API
        ("you", "http://127.0.0.1:1/v1", False),
        ("me", "http://127.0.0.1:2/v1", False),
        ("me", "https://127.0.0.1:1/v1", False),
        ("", "http://127.0.0.1:1/v1", False),
    ],
)
def test_another_account_changes_it_and_another_spelling_does_not(name: str, api_url: str, is_same: bool) -> None:
    before = played()
    assert before.account is not None
    after = replace(before, account=replace(before.account, name=name, api_url=api_url))
    assert (digest(before, Options()) == digest(after, Options())) is is_same
    told = find_account_change(make_screen(before), make_screen(after))
    assert ("opens" in told) is not is_same


def test_what_was_approved_before_accounts_were_named_is_told_apart() -> None:
    now = make_screen(played())
    kept = {name: value for name, value in now.to_json().items() if name not in {"account", "address"}}
    assert "before approvals named the account" in find_account_change(Screen.from_json(kept), now)
    assert digest_screen(Screen.from_json(kept), Options()) != digest_screen(now, Options())


def test_a_finding_of_the_sheet_changes_it() -> None:
    before = played()
    alike = Finding("movements-again", params={"batch": "b-1", "day": "2026-01-31"})
    after = replace(before, sheet=replace(before.sheet, findings=(*before.sheet.findings, alike)))
    assert digest(before, Options()) != digest(after, Options())


def test_the_language_does_not_change_it() -> None:
    rows: list[list[Cell]] = [*ROWS, ["sub-9", Decimal(1), "add"]]
    with use_language(Language.FRENCH):
        french = digest(played(rows), Options())
    assert french == digest(played(rows), Options())
