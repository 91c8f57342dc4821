"""What every ledger promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from batch.errors import LedgerError, UsageError
from batch.ledger import events as chain
from batch.ledger import verify
from batch.ledger.events import AttemptBegan, AttemptEnded, StateChanged
from batch.ledger.protocol import Claim, Lease, Ledger
from batch.model import Balances, BatchState, Cell, People, RowResult, Status
from batch.notes import make_note
from batch.planning.account_identity import LEASE, Owner
from tests.builders import ACCESS, BALANCES, NOON, known_to, new_batch

ROWS: tuple[list[Cell], ...] = (
    ["sub-1", Decimal("12.5"), "add"],
    ["sub-2", "?", "add"],
    ["sub-2", Decimal(5), "remove"],
)


def began(row: int = 2, attempt: int = 1) -> AttemptBegan:
    return AttemptBegan(NOON, row, attempt, Decimal("1000.000"), Decimal("100.000"))


def done(row: int = 2, attempt: int = 1) -> AttemptEnded:
    after = Decimal("987.500"), Decimal("112.500")
    return AttemptEnded(NOON + timedelta(seconds=1), row, attempt, "Applied", Status.DONE, 200, None, *after)


@pytest.fixture
def ledger(empty_ledger: Ledger) -> Ledger:
    empty_ledger.create(new_batch(*ROWS))
    return empty_ledger


def result(ledger: Ledger, row: int) -> RowResult:
    return next(entry.result for entry in ledger.view("b-1").rows if entry.row.number == row)


def test_a_new_batch_is_approved_with_valid_rows_pending_and_the_others_invalid(ledger: Ledger) -> None:
    view = ledger.view("b-1")
    assert view.head.state is BatchState.APPROVED
    assert [entry.result.status for entry in view.rows] == [Status.PENDING, Status.INVALID, Status.PENDING]
    assert view.head.opening is not None
    assert view.head.opening.main == BALANCES.main


def test_the_sheet_comes_back_as_it_was(ledger: Ledger) -> None:
    new = new_batch(*ROWS)
    view = ledger.view("b-1")
    assert tuple(entry.row for entry in view.rows) == new.sheet.rows
    assert view.columns == new.sheet.columns
    assert view.roles == new.sheet.roles
    assert view.head.source == new.sheet.source
    assert view.head.digest == new.plan.digest


def test_between_beginning_and_end_of_an_attempt_the_row_is_unknown(ledger: Ledger) -> None:
    ledger.append("b-1", [began()])
    assert result(ledger, 2).status is Status.UNKNOWN
    assert result(ledger, 2).attempts == 1
    ledger.append("b-1", [done()])
    assert result(ledger, 2).status is Status.DONE
    assert result(ledger, 2).main_balance == Decimal("987.500")


def test_a_refusal_keeps_its_code_and_the_servers_words(ledger: Ledger) -> None:
    refusal = AttemptEnded(NOON, 2, 1, "Refused", Status.REFUSED, 8, "Crédit insuffisant")
    ledger.append("b-1", [began(), refusal])
    assert (result(ledger, 2).code, result(ledger, 2).message) == (8, "Crédit insuffisant")


def test_a_doubt_settled_as_missing_is_pending_again_and_keeps_its_attempts(ledger: Ledger) -> None:
    doubt = AttemptEnded(NOON, 2, 1, "Doubt", Status.UNKNOWN, None, "reset")
    ledger.append("b-1", [began(), doubt, chain.RowSettled(NOON, 2, 1, Status.PENDING, make_note("settled-missing"))])
    assert (result(ledger, 2).status, result(ledger, 2).attempts) == (Status.PENDING, 1)


def test_the_last_attempt_gives_the_balances_known_before_it(ledger: Ledger) -> None:
    assert ledger.find_last_attempt("b-1", 2) is None
    missing = chain.RowSettled(NOON, 2, 1, Status.PENDING, make_note("settled-missing"), Decimal(1000), Decimal(100))
    ledger.append("b-1", [began(attempt=1), missing, began(attempt=2)])
    last = ledger.find_last_attempt("b-1", 2)
    assert last is not None
    assert (last.number, last.main_balance) == (2, Decimal("1000.000"))


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(began(attempt=2), id="sent although it is done"),
        pytest.param(began(attempt=1), id="sent once more under the same number"),
        pytest.param(done(), id="ended twice"),
        pytest.param(
            chain.RowSettled(NOON, 2, 1, Status.PENDING, make_note("settled-missing"), None, None),
            id="settled although it is done",
        ),
        pytest.param(
            chain.PersonDecided(NOON, 2, 1, applied=False, who="accounts", why="seen"), id="decided although it is done"
        ),
        pytest.param(done(row=4), id="ended and never begun"),
    ],
)
def test_a_fact_about_a_row_that_is_not_as_it_takes_it_to_be_is_refused(ledger: Ledger, fact: chain.RowFact) -> None:
    ledger.append("b-1", [began(), done()])
    view = ledger.view("b-1")
    before = replace(view, events=tuple(view.events))
    with pytest.raises(LedgerError, match="Another program"):
        ledger.append("b-1", [began(row=4), done(row=4), fact] if fact.row == 2 else [fact])
    view = ledger.view("b-1")
    assert replace(view, events=tuple(view.events)) == before


def test_a_row_in_doubt_is_not_sent_again_before_it_is_settled(ledger: Ledger) -> None:
    ledger.append("b-1", [began()])
    with pytest.raises(LedgerError, match="Another program"):
        ledger.append("b-1", [began(attempt=2)])


def test_work_is_in_the_order_of_sending_with_the_newest_balances(empty_ledger: Ledger) -> None:
    empty_ledger.create(new_batch(*ROWS, removes_first=True))
    work = empty_ledger.work("b-1")
    assert [entry.row.number for entry in work.rows] == [4, 2]
    assert work.known_main == Decimal("1000.000")
    empty_ledger.append("b-1", [began(), done()])
    work = empty_ledger.work("b-1")
    assert work.known_main == Decimal("987.500")
    assert work.known_subaccounts["sub-1"] == Decimal("112.500")


def test_closing_balances_and_the_state_are_in_the_head(ledger: Ledger) -> None:
    closing = chain.BalancesRead(NOON, chain.Purpose.CLOSING, Decimal("987.500"), {"sub-1": Decimal("112.500")})
    ledger.append(
        "b-1",
        [closing, StateChanged(NOON, BatchState.STOPPED, make_note("said", words="The provider is out of reach."))],
    )
    head = ledger.read_head("b-1")
    assert head.closing is not None
    assert head.closing.main == Decimal("987.500")
    assert (head.state, head.reason) == (BatchState.STOPPED, make_note("said", words="The provider is out of reach."))
    assert head.ended_at == NOON


def test_every_batch_is_listed_newest_first_with_its_tally(ledger: Ledger) -> None:
    ledger.append("b-1", [began(), done()])
    ledger.create(new_batch(*ROWS, name="b-2"))
    lines = ledger.list_batches()
    assert [line.head.batch for line in lines] == ["b-2", "b-1"]
    assert lines[1].tally.rows[Status.DONE] == 1
    assert lines[1].tally.added == Decimal("12.5")
    assert ledger.find_newest() == "b-2"


def test_what_was_done_and_what_is_in_doubt_is_told_of_the_lists_of_an_account(ledger: Ledger) -> None:
    assert [past.done for past in ledger.find_past_lists(1, NOON, {"sub-1", "sub-2"})] == [{}]
    ledger.append("b-1", [began(), done(), began(row=4)])
    (past,) = ledger.find_past_lists(1, NOON, {"sub-1", "sub-2"})
    assert past.done == {("sub-1", "add", Decimal("12.5")): 1, ("sub-2", "remove", Decimal(5)): 1}
    assert (past.batch, past.file_name, past.period) == ("b-1", "january.xlsx", None)
    assert ledger.find_past_lists(1, NOON, {"sub-2"})[0].done == {("sub-2", "remove", Decimal(5)): 1}
    assert ledger.find_past_lists(2, NOON, {"sub-1"}) == []
    assert ledger.find_past_lists(1, NOON + timedelta(seconds=1), {"sub-1"}) == []


def test_the_newest_balance_of_a_sub_account_is_told_whichever_batch_read_it(ledger: Ledger) -> None:
    ledger.append("b-1", [began(), done()])
    later = replace(new_batch(["sub-2", Decimal(1), "add"], name="b-2"), at=NOON + timedelta(days=1))
    ledger.create(replace(later, opening=Balances(Decimal(900), {"sub-2": Decimal(45)}, later.at)))
    known = ledger.find_last_balances(1, {"sub-1", "sub-2", "sub-3"})
    assert {token: balance for token, (balance, _at) in known.items()} == {
        "sub-1": Decimal("112.500"),
        "sub-2": Decimal(45),
    }
    assert ledger.find_last_balances(2, {"sub-1"}) == {}


def test_a_key_is_known_again_and_a_renewed_one_belongs_to_the_account_of_its_tokens(ledger: Ledger) -> None:
    address = "http://localhost:1"
    assert ledger.find_account(address, "f" * 16) == 1
    assert ledger.find_account(address, "0" * 16) is None
    assert ledger.find_account("http://localhost:2", "f" * 16) is None
    assert ledger.bind_key(address, "0" * 16, Owner("", {"sub-2": 1}), NOON) == (1, False)
    assert ledger.find_account(address, "0" * 16) == 1
    assert ledger.bind_key(address, "1" * 16, Owner("somebody else", {"other"}), NOON) == (2, True)
    with pytest.raises(UsageError, match=r"me@example.com .* but to somebody else"):
        ledger.bind_key(address, "2" * 16, Owner("me@example.com", {"other"}), NOON)


def test_what_was_chosen_is_replaced_and_the_record_says_so(empty_ledger: Ledger) -> None:
    empty_ledger.create(replace(new_batch(*ROWS), options=("partial", "period:week 5")))
    empty_ledger.append("b-1", [chain.OptionsChanged(NOON, ("partial", "max-per-second:2"), "marc")])
    assert empty_ledger.read_options("b-1") == empty_ledger.read_head("b-1").options == ("partial", "max-per-second:2")
    assert empty_ledger.list_options(1) == {"b-1": ("partial", "max-per-second:2")}
    assert verify.find_difference(empty_ledger, "b-1") is None


def test_a_batch_is_begun_until_it_is_finished_or_abandoned(ledger: Ledger) -> None:
    ledger.create(new_batch(*ROWS, name="b-2"))
    assert ledger.list_unfinished() == ledger.list_unfinished(1) == ["b-2", "b-1"]
    assert ledger.list_unfinished(2) == []
    ledger.append("b-1", [StateChanged(NOON, BatchState.ABANDONED, make_note("said", words="sent by hand"), "marc")])
    ledger.append("b-2", [StateChanged(NOON, BatchState.FINISHED)])
    assert ledger.list_unfinished() == []
    head = ledger.read_head("b-1")
    assert (head.state, head.reason, head.people.abandoned) == (
        BatchState.ABANDONED,
        make_note("said", words="sent by hand"),
        "marc",
    )
    assert verify.find_difference(ledger, "b-1") is None


def test_a_row_that_was_paid_elsewhere_is_in_doubt_and_waits_for_a_person(ledger: Ledger) -> None:
    ledger.append("b-1", [chain.RowDoubted(NOON, 2, 0, make_note("changed-elsewhere"), Decimal(900), Decimal(112))])
    assert (result(ledger, 2).status, result(ledger, 2).note) == (Status.UNKNOWN, make_note("changed-elsewhere"))
    assert ledger.work("b-1").doubted == {2}
    assert ledger.find_doubtful_batch(1) == "b-1"
    ledger.append("b-1", [chain.PersonDecided(NOON, 2, 0, applied=False, who="marc", why="looked")])
    assert ledger.work("b-1").doubted == frozenset()
    ledger.append("b-1", [began()])
    assert ledger.work("b-1").doubted == frozenset()
    assert verify.find_difference(ledger, "b-1") is None


def test_batches_are_counted_as_they_were_accepted_whatever_the_clock_said(ledger: Ledger) -> None:
    ledger.create(replace(new_batch(*ROWS, name="b-0"), at=NOON - timedelta(days=400)))
    assert ledger.find_newest() == "b-0"
    assert [line.head.batch for line in ledger.list_batches()] == ["b-0", "b-1"]


def test_an_unknown_batch_is_one_sentence(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="There is no batch b-9"):
        ledger.view("b-9")


def test_a_name_is_given_once(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="already a batch"):
        ledger.create(new_batch(*ROWS))


def test_the_chain_of_events_is_whole_and_the_same_in_both_ledgers(ledger: Ledger) -> None:
    ledger.append("b-1", [began(), done()])
    events = ledger.view("b-1").events
    assert [event.kind for event in events] == [
        "accepted",
        "rows-accepted",
        "balances-read",
        "state-changed",
        "attempt-began",
        "attempt-ended",
    ]
    assert verify.find_difference(ledger, "b-1") is None
    assert events[-1].hash == "ccdbc33bf2cb226b11df4952f5f41b649f973b39d9ad30c62ae03fec76380dc3"


def test_who_prepared_approved_and_ran_it_is_in_the_head_each_once(empty_ledger: Ledger) -> None:
    empty_ledger.create(replace(new_batch(*ROWS), people=People("claire", ("marc", "anne"))))
    assert empty_ledger.read_head("b-1").people == People("claire", ("marc", "anne"))
    stop = StateChanged(NOON, BatchState.STOPPED, make_note("interrupted"), by="not a runner")
    for who in ("marc", None, "lea", "marc"):
        empty_ledger.append("b-1", [StateChanged(NOON, BatchState.RUNNING, by=who), stop])
    assert empty_ledger.read_head("b-1").people == People("claire", ("marc", "anne"), ("marc", "lea"))
    assert empty_ledger.list_batches()[0].head.people.run == ("marc", "lea")


HERE = Claim("here", "boot", "desk", 12, 1.0)
THERE = Claim("there", "boot", "server", 12, 1.0)


def test_an_account_that_is_held_is_not_given_to_another_and_it_is_said_who_has_it(ledger: Ledger) -> None:
    ledger.hold(ACCESS.account, HERE, NOON, lambda _lease: False)
    ledger.append("b-1", [began()])
    with pytest.raises(LedgerError, match=r"batch b-1 has been running since .* on desk \(process 12\)"):
        ledger.hold(ACCESS.account, THERE, NOON, lambda _lease: False)


@pytest.mark.parametrize("is_written", [True, False])
def test_a_lease_is_renewed_by_every_commit_and_without_anything_to_write(ledger: Ledger, *, is_written: bool) -> None:
    ledger.hold(ACCESS.account, HERE, NOON, lambda _lease: False)
    later = NOON + timedelta(hours=1)
    if is_written:
        ledger.append("b-1", [replace(began(), at=later)])
    else:
        ledger.renew("b-1", later)
    seen: list[Lease] = []
    with pytest.raises(LedgerError, match="batch b-1"):
        ledger.hold(ACCESS.account, THERE, NOON, lambda lease: bool(seen.append(lease)))  # type: ignore[func-returns-value]
    assert seen == [Lease(HERE, "b-1", NOON, later + LEASE)]


def test_an_account_that_was_given_back_is_free(ledger: Ledger) -> None:
    ledger.hold(ACCESS.account, HERE, NOON, lambda _lease: False)
    ledger.let_go()
    ledger.hold(ACCESS.account, THERE, NOON, lambda _lease: False)


@pytest.mark.usefixtures("database")
def test_only_a_server_s_ledger_is_reached_from_other_kernels(request: pytest.FixtureRequest) -> None:
    from batch.ledger.orm.store import DatabaseLedger

    kind = request.node.callspec.params["database"]
    assert DatabaseLedger().is_local is (kind == "database")


@pytest.mark.usefixtures("database")
def test_whose_lease_was_taken_over_can_write_no_more() -> None:
    from batch.ledger.orm.store import DatabaseLedger

    first, second = known_to(DatabaseLedger()), DatabaseLedger()
    first.create(new_batch(*ROWS))
    first.hold(ACCESS.account, HERE, NOON, lambda _lease: False)
    second.hold(ACCESS.account, THERE, NOON, lambda _lease: True)
    with pytest.raises(LedgerError, match="taken batch b-1 over"):
        first.renew("b-1", NOON)
    with pytest.raises(LedgerError, match="taken batch b-1 over"):
        first.append("b-1", [began()])
    second.let_go()
    with pytest.raises(LedgerError, match="taken batch b-1 over"):
        first.renew("b-1", NOON)
    second.hold(ACCESS.account, THERE, NOON, lambda _lease: True)
    second.append("b-1", [began()])


def test_a_batch_with_a_row_in_doubt_is_found(ledger: Ledger) -> None:
    assert ledger.find_doubtful_batch(ACCESS.account) is None
    ledger.append("b-1", [began()])
    assert ledger.find_doubtful_batch(ACCESS.account) == "b-1"
    assert ledger.find_doubtful_batch(2) is None


def test_closing_balances_of_an_earlier_run_do_not_count(ledger: Ledger) -> None:
    closing = chain.BalancesRead(NOON, chain.Purpose.CLOSING, Decimal("987.500"), {})
    ledger.append("b-1", [closing, StateChanged(NOON, BatchState.STOPPED, make_note("interrupted"))])
    later = NOON + timedelta(seconds=1)
    ledger.append("b-1", [StateChanged(later, BatchState.RUNNING), StateChanged(later, BatchState.FINISHED)])
    assert ledger.read_head("b-1").closing is None


def test_a_list_counts_from_when_its_credit_moved_however_long_before_it_was_accepted(ledger: Ledger) -> None:
    later = NOON + timedelta(days=30)
    ledger.append("b-1", [StateChanged(NOON, BatchState.STOPPED, make_note("interrupted"))])
    assert ledger.find_past_lists(1, later, {"sub-1"}) == []
    ledger.append("b-1", [StateChanged(later, BatchState.RUNNING)])
    ledger.append("b-1", [AttemptBegan(later, 2, 1, Decimal("1000.000"), Decimal("100.000")), done()])
    (past,) = ledger.find_past_lists(1, later, {"sub-1"})
    assert (past.at, past.done) == (later, {("sub-1", "add", Decimal("12.5")): 1})
    assert ledger.find_past_lists(1, later, {"sub-2"}) == []
    ledger.append("b-1", [StateChanged(later, BatchState.FINISHED)])
    assert [one.at for one in ledger.find_past_lists(1, later, {"sub-1"})] == [later]
