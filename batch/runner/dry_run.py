"""The dry run: a sheet, what the checks say of it, and the forecast from the account's real balances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from batch.frames import CheckedSheet, Grid, Plan
from batch.model import Balances, BatchHead, BatchRow, BatchState, BatchView, RowResult, Status
from batch.planning.account_identity import Owner
from batch.planning.plan import Forecast, compute_forecast, make_plan
from batch.settings import Choices, SheetChoices, write_choices
from batch.validation.check_sheet import Conventions, Expected, check_sheet

if TYPE_CHECKING:
    from batch.provider.client import Provider

_PENDING = RowResult(Status.PENDING)
_INVALID = RowResult(Status.INVALID)
_NOTHING_SAID = Conventions()


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """What the provider says of the account before anything moves."""

    name: str
    api_url: str
    balances: Balances
    pages: dict[str, int]
    """On which page of the provider's list each sub-account is."""

    @property
    def owner(self) -> Owner:
        """Whom the key belongs to."""
        return Owner(self.name, self.balances.subaccounts.keys())


@dataclass(frozen=True)
class DryRun:
    """Everything known before anything moves. Without an account (offline) there is no forecast."""

    sheet: CheckedSheet
    plan: Plan
    account: AccountSnapshot | None
    forecast: Forecast | None
    removes_first: bool
    at: datetime
    reading: SheetChoices

    @property
    def is_clean(self) -> bool:
        """Whether nothing needs to be fixed before it can be run as a whole."""
        passes = self.forecast is None or self.forecast.passes
        return passes and not self.sheet.has_sheet_errors and self.invalid_rows == 0

    @property
    def invalid_rows(self) -> int:
        """How many rows have an error, and so are not in the plan."""
        return len(self.sheet.frame) - len(self.plan.frame)

    @cached_property
    def view(self) -> BatchView:
        """The dry run in the shape that reports and screens show."""
        account = self.account
        head = BatchHead(
            batch=None,
            state=BatchState.CHECKED,
            reason=None,
            source=self.sheet.source,
            digest=self.plan.digest,
            api_url=account.api_url if account else None,
            account=account.name if account else None,
            created_at=self.at,
            opening=account.balances if account else None,
            options=write_choices(Choices(removes_first=self.removes_first, reading=self.reading)),
        )
        rows = tuple([BatchRow(row, _PENDING if row.is_valid else _INVALID) for row in self.sheet.rows])
        return BatchView(head, self.sheet.columns, self.sheet.roles, rows, self.sheet.findings)


def read_account(provider: Provider, api_url: str, now: Callable[[], datetime]) -> AccountSnapshot:
    """Ask the provider who the key belongs to and what every account holds; `ProviderError` if it will not say."""
    main = provider.fetch_main_account()
    subaccounts = provider.fetch_subaccounts()
    balances = Balances(main.balance, {account.token: account.balance for account in subaccounts}, now())
    return AccountSnapshot(main.name, api_url, balances, {account.token: account.page for account in subaccounts})


def make_dry_run(
    grid: Grid,
    account: AccountSnapshot | None,
    expected: Expected,
    conventions: Conventions = _NOTHING_SAID,
    *,
    removes_first: bool,
    at: datetime,
) -> DryRun:
    """Check the sheet and play the plan on paper. Offline (no account) tokens are not looked up."""
    known = frozenset(account.balances.subaccounts) if account else None
    sheet = check_sheet(grid, known, expected, conventions)
    plan = make_plan(sheet, removes_first=removes_first)
    played = compute_forecast(plan, account.balances.main, account.balances.subaccounts) if account else None
    reading = SheetChoices(
        conventions.sheet,
        tuple((role.value, title) for role, title in conventions.columns.items()),
        conventions.signed,
        conventions.include_hidden,
        expected.rows,
        expected.added,
        expected.removed,
    )
    return DryRun(sheet, plan, account, played, removes_first, at, reading)
