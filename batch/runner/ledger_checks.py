"""What the ledger has to say of a dry run: whether the list was run before, and whether somebody else paid it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from batch.choices import Choices
from batch.findings import Finding
from batch.ledger.protocol import Ledger
from batch.planning.reconciliation import find_paid_elsewhere, find_rises
from batch.planning.resubmission import REMEMBERED, NewList, find_repetition
from batch.runner.dry_run import DryRun
from batch.runner.unsettled import family_of

REPEATED = "already-run"
"""The finding of a list that was run before."""


def check_against_ledger(checked: DryRun, ledger: Ledger, account: int, choices: Choices) -> DryRun:
    """The dry run with what the ledger says of it. What it continues is left out of the plan already."""
    tokens = checked.plan.tokens
    continued = () if choices.only_unsettled is None else family_of(ledger, account, choices.only_unsettled)
    found = [
        *_find_repetition(checked, ledger, account, choices, tokens, continued),
        *_find_paid_elsewhere(checked, ledger, account, choices, tokens),
    ]
    return replace(checked, sheet=replace(checked.sheet, findings=(*checked.sheet.findings, *found)))


def repetition_in(checked: DryRun) -> Finding | None:
    """The finding that says that the list was run before; None if it was not, or is meant to be run again."""
    return next((finding for finding in checked.sheet.findings if finding.code == REPEATED), None)


def _find_repetition(
    checked: DryRun,
    ledger: Ledger,
    account: int,
    choices: Choices,
    tokens: Collection[str],
    continued: Collection[str],
) -> list[Finding]:
    past = ledger.past_lists(account, checked.at - REMEMBERED, tokens)
    new = NewList(checked.sheet.source, checked.plan, choices.period, checked.at, is_meant=choices.again)
    return list(find_repetition(new, past, continued))


def _find_paid_elsewhere(
    checked: DryRun, ledger: Ledger, account: int, choices: Choices, tokens: Collection[str]
) -> list[Finding]:
    if checked.account is None:
        return []
    known = {token: (last.balance, last.at) for token, last in ledger.last_balances(account, tokens).items()}
    rises = find_rises(known, checked.account.balances.subaccounts)
    movements = checked.plan.movements if rises else ()
    return list(find_paid_elsewhere(movements, known, rises, is_meant=choices.again))
