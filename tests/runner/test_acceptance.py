"""What is left of a list, by everything that the ledger knows of it, and what is closed before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.errors import LedgerError, UsageError
from batch.ledger.events import AttemptBegan, AttemptEnded, StateChanged
from batch.model import Balances, BatchState, Cell, Movement, People, Status
from batch.notes import Outcome
from batch.runner.acceptance import (
    accept,
    check_against_ledger,
    close_unfinished,
    is_all_done,
    list_family,
    select_unsettled,
)
from batch.runner.dry_run import AccountSnapshot, DryRun, make_dry_run
from batch.runner.execute import perform
from batch.settings import Choices
from batch.validation.check_sheet import Expected
from tests.builders import ACCESS, BALANCES, NOON, grid, known_to
from tests.ledger_in_memory import MemoryLedger
from tests.runner.worlds import OPTIONS, Clock, ScriptedProvider, apply, refuse, world

ACCOUNT = ACCESS.account
NOBODY = People(None, ())
SHEET: list[Sequence[Cell]] = [("sub-1", "10", "add"), ("sub-2", "20", "add"), ("sub-1", "5", "remove")]


def checked(rows: Sequence[Sequence[Cell]], provider: ScriptedProvider | None = None) -> DryRun:
    balances = Balances(provider.main, dict(provider.held), NOON) if provider else BALANCES
    account = AccountSnapshot("me@example.com", ACCESS.api_url, balances, {})
    return make_dry_run(grid(*rows), account, Expected(), removes_first=False, at=NOON)


def run(ledger: MemoryLedger, provider: ScriptedProvider, rows: Sequence[Sequence[Cell]], after: str | None) -> str:
    """Accept a sheet, or what is left of it, and run it. Each batch is a minute younger than the last."""
    choices = Choices(skip_invalid=True, only_unsettled=after)
    found = checked(rows, provider)
    if after is not None:
        found = select_unsettled(found, ledger, ACCOUNT, after)
    at = NOON + timedelta(minutes=len(ledger.list_batches()))
    name = accept(ledger, found, ACCESS, choices, NOBODY, at).batch
    perform(world(provider, Clock(at), ledger), ledger.work(name), OPTIONS, {})
    return name


def test_a_family_is_everything_that_a_list_led_to() -> None:
    ledger, provider = known_to(MemoryLedger()), ScriptedProvider([refuse(8), apply, apply])
    first = run(ledger, provider, SHEET, None)
    second = run(ledger, provider, SHEET, first)
    third = run(ledger, provider, [*SHEET, ("sub-2", "1", "add")], first)
    stranger = run(ledger, provider, [("sub-1", "99", "add")], None)
    assert {list_family(ledger, ACCOUNT, name) for name in (first, second, third)} == {(first, second, third)}
    assert list_family(ledger, ACCOUNT, stranger) == (stranger,)
    assert ledger.list_options(ACCOUNT)[second] == ("skip-invalid", f"only-unsettled:{first}", "tolerance:5+1")


def test_what_is_left_is_forecast_and_named_by_its_own_digest() -> None:
    ledger, provider = known_to(MemoryLedger()), ScriptedProvider([apply, refuse(8), apply])
    first = run(ledger, provider, SHEET, None)
    left = select_unsettled(checked(SHEET), ledger, ACCOUNT, first)
    assert [movement.row for movement in left.plan.movements] == [3]
    assert left.plan.added == Decimal(20)
    assert left.forecast is not None
    assert left.forecast.after == BALANCES.main - 20
    assert [finding.code for finding in left.sheet.findings] == ["rows-done-before"]


def test_what_the_family_did_not_do_is_no_repetition() -> None:
    ledger, provider = known_to(MemoryLedger()), ScriptedProvider([apply, refuse(8), apply])
    first = run(ledger, provider, [*SHEET[:2], SHEET[0]], None)
    left = select_unsettled(checked([SHEET[0], *SHEET]), ledger, ACCOUNT, first)
    assert [movement.row for movement in left.plan.movements] == [4, 5]
    seen = check_against_ledger(left, ledger, ACCOUNT, Choices(only_unsettled=first))
    assert [finding.code for finding in seen.sheet.findings] == ["rows-done-before"]


def test_accepting_closes_what_had_stopped_and_it_never_goes_on() -> None:
    ledger, provider = known_to(MemoryLedger()), ScriptedProvider([apply, refuse(20)])
    first = run(ledger, provider, SHEET, None)
    assert ledger.read_head(first).state is BatchState.STOPPED
    second = run(ledger, provider, SHEET, first)
    assert ledger.read_head(first).state is BatchState.FINISHED
    for name in (first, second):
        perform(world(provider, Clock(), ledger), ledger.work(name), OPTIONS, {})
    assert sorted(provider.applied) == [2, 3, 4]


@pytest.mark.parametrize("state", [BatchState.APPROVED, BatchState.RUNNING, BatchState.STOPPED])
def test_a_batch_in_any_state_but_finished_is_closed(state: BatchState) -> None:
    ledger = known_to(MemoryLedger())
    name = accept(ledger, checked(SHEET), ACCESS, Choices(), NOBODY, NOON).batch
    ledger.append(name, [StateChanged(NOON, state)])
    close_unfinished(ledger, ACCOUNT, name, NOON)
    assert ledger.read_head(name).state is BatchState.FINISHED
    events = len(ledger.view(name).events)
    close_unfinished(ledger, ACCOUNT, name, NOON)
    assert len(ledger.view(name).events) == events


def test_a_row_in_doubt_is_decided_first() -> None:
    ledger = known_to(MemoryLedger())
    name = accept(ledger, checked(SHEET), ACCESS, Choices(), NOBODY, NOON).batch
    ledger.append(name, [AttemptBegan(NOON, 2, 1, None, None)])
    with pytest.raises(UsageError, match="resolve"):
        select_unsettled(checked(SHEET), ledger, ACCOUNT, name)
    ledger.append(name, [AttemptEnded(NOON, 2, 1, "Applied", Status.DONE, 200, None)])
    assert [row.number for row in select_unsettled(checked(SHEET), ledger, ACCOUNT, name).sheet.rows] == [3, 4]


def test_a_list_whose_balances_nothing_explains_is_not_continued_before_somebody_has_looked_into_it() -> None:
    def refuse_and_apply(provider: ScriptedProvider, movement: Movement) -> Outcome:
        provider.held[movement.token] += movement.amount + 3
        return refuse(8)(provider, movement)

    ledger, provider = MemoryLedger(), ScriptedProvider([refuse_and_apply])
    first = run(ledger, provider, SHEET, None)
    assert ledger.read_head(first).state is BatchState.FINISHED
    with pytest.raises(UsageError, match=f"batch {first} are not explained.*--again --why"):
        select_unsettled(checked(SHEET), ledger, ACCOUNT, first)
    left = select_unsettled(checked(SHEET), ledger, ACCOUNT, first, despite_alarm=True)
    assert [movement.row for movement in left.plan.movements] == [2]


def test_a_refusal_that_rests_on_a_look_is_confirmed_before_it_is_sent_again() -> None:
    ledger, provider = MemoryLedger(), ScriptedProvider([refuse(77), refuse(20)])
    first = run(ledger, provider, SHEET, None)
    assert ledger.read_head(first).state is BatchState.STOPPED
    with pytest.raises(UsageError, match="not explained"):
        select_unsettled(checked(SHEET), ledger, ACCOUNT, first)
    perform(world(provider, Clock(NOON + timedelta(hours=1)), ledger), ledger.work(first), OPTIONS, {})
    left = select_unsettled(checked(SHEET), ledger, ACCOUNT, first)
    assert [movement.row for movement in left.plan.movements] == [2]


def test_another_account_or_no_batch_is_an_error() -> None:
    ledger = known_to(MemoryLedger())
    name = accept(ledger, checked(SHEET), ACCESS, Choices(), NOBODY, NOON).batch
    with pytest.raises(UsageError, match="key"):
        list_family(ledger, ACCOUNT + 1, name)
    with pytest.raises(LedgerError, match="no batch"):
        list_family(ledger, ACCOUNT, "none-such")


def test_an_empty_rest_is_all_done() -> None:
    ledger, provider = known_to(MemoryLedger()), ScriptedProvider()
    first = run(ledger, provider, SHEET, None)
    left = select_unsettled(checked(list(reversed(SHEET))), ledger, ACCOUNT, first)
    assert is_all_done(left)
    assert not is_all_done(checked(SHEET))


ROWS = st.lists(st.tuples(st.sampled_from(["sub-1", "sub-2"]), st.sampled_from(["1", "2"]), st.just("add")), max_size=5)
REFUSALS = st.lists(st.sampled_from([apply, refuse(8), refuse(20)]), max_size=8)


@settings(max_examples=settings().max_examples // 3)
@given(ROWS.filter(bool), REFUSALS, st.data())
def test_however_often_it_is_sent_every_row_is_paid_once(
    rows: list[tuple[str, str, str]], script: list[object], data: st.DataObject
) -> None:
    """Any of the batches is named, the sheet is re-ordered, and whatever has stopped is resumed in between."""
    ledger, provider = known_to(MemoryLedger()), ScriptedProvider(list(script))  # type: ignore[arg-type]
    names = [run(ledger, provider, rows, None)]
    for _round in range(3):
        again = data.draw(st.permutations(rows))
        after = data.draw(st.sampled_from(names))
        left = select_unsettled(checked(again), ledger, ACCOUNT, after)
        if left.plan.movements:
            names.append(run(ledger, provider, again, after))
        for name in data.draw(st.permutations(names)):
            perform(world(provider, Clock(), ledger), ledger.work(name), OPTIONS, {})
    provider.script.clear()
    if select_unsettled(checked(rows), ledger, ACCOUNT, names[0]).plan.movements:
        names.append(run(ledger, provider, rows, names[-1]))
    paid = BALANCES.main - provider.main
    assert paid == sum(Decimal(amount) for _token, amount, _direction in rows)
    assert len(provider.applied) == len(rows)
