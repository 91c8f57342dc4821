"""What the ledger knows of a sheet before it is accepted, and its acceptance: what of a list is not done yet.

Correcting makes a family: batch A, then B with what A left, then C with what B left, or a second one after A. Whichever
of them is named, what any of them did is done. Before what is left is accepted, those that have not ended are closed,
so that no `resume` sends a row that the new batch sends as well.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from batch.errors import UsageError
from batch.findings import Finding
from batch.i18n import _
from batch.ledger.events import StateChanged
from batch.ledger.protocol import Access, Ledger, NewBatch, Work, prepare_work
from batch.model import ENDED, BatchRow, BatchState, BatchView, Direction, People, Source, Status, list_movements
from batch.notes import make_note
from batch.planning.plan import compute_forecast, make_plan
from batch.planning.reconciliation import find_paid_elsewhere, find_rises, has_open_alarm
from batch.planning.resubmission import (
    REMEMBERED,
    EarlierRow,
    History,
    NewList,
    compare_history,
    find_repetition,
    list_row_findings,
    list_sheet_findings,
)
from batch.planning.settlement import is_account_refusal
from batch.runner.dry_run import DryRun
from batch.runner.open_account import refuse_doubts
from batch.settings import Choices, read_choices, write_choices
from batch.validation.check_sheet import Expected, compare_expected_totals
from batch.validation.vocabulary import REPORT_WORDS
from batch.zone import localize

_COMPARED = frozenset({"expected-rows", "expected-added", "expected-removed"})


def list_family(ledger: Ledger, account: int, batch: str) -> tuple[str, ...]:
    """List every batch of the same list, oldest first; `UsageError` if the batch belongs to another account."""
    bound = ledger.read_access(batch)
    if bound.account != account:
        sentence = _(
            "Batch {batch} was begun on another account, at {api_url}: set CREDITBATCH_API_URL to that and the key of "
            "that account."
        )
        raise UsageError(sentence.format(batch=batch, api_url=bound.api_url))
    before = {name: read_choices(options).only_unsettled for name, options in ledger.list_options(account).items()}
    family: set[str | None] = {_find_first(before, batch)}
    while more := {name for name, continued in before.items() if continued in family} - family:
        family |= more
    return tuple(name for name in before if name in family)


def select_unsettled(
    checked: DryRun,
    ledger: Ledger,
    account: int,
    batch: str,
    expected: Expected | None = None,
    *,
    despite_alarm: bool = False,
) -> DryRun:
    """Leave out of the dry run the rows that are done, which a finding names.

    Control totals that are handed in are compared with what is left; otherwise what was said of them stays.
    `despite_alarm`: a person has looked into what the balances of these batches do not explain, and says so.

    Ask while the account is held, and again before accepting: until then another run may do some of it.
    """
    views = [ledger.view(name) for name in list_family(ledger, account, batch)]
    for view in views:
        refuse_doubts(view.head.batch, view.rows)
    if not despite_alarm:
        _refuse_alarms(views)
    sheet = checked.sheet
    is_whole = not _is_list_to_fix(sheet.source, sheet.columns)
    if not is_whole:
        _refuse_unfinished(views)
    comparison = compare_history(sheet.rows, _make_history(views, sheet.source, is_whole=is_whole))
    more = {row.number: list_row_findings(row, sheet.roles, comparison) for row in sheet.rows}
    rest = sheet.add_findings(more).drop_rows(comparison.done)
    dropped = frozenset() if expected is None else _COMPARED
    kept = [finding for finding in sheet.findings if finding.code not in dropped]
    compared = () if expected is None else compare_expected_totals(rest, expected)
    plan = make_plan(rest, removes_first=checked.removes_first)
    balances = checked.account.balances if checked.account else None
    return replace(
        checked,
        sheet=replace(rest, findings=(*kept, *list_sheet_findings(comparison), *compared)),
        plan=plan,
        forecast=compute_forecast(plan, balances.main, balances.subaccounts) if balances else None,
    )


def is_all_done(checked: DryRun) -> bool:
    """Tell whether nothing is left of the sheet, neither to send nor to correct."""
    return checked.sheet.frame.empty and not checked.sheet.has_sheet_errors


def close_unfinished(ledger: Ledger, account: int, batch: str, at: datetime) -> None:
    """Close the batches of the family that have not ended. Hold the account, and do this before the new one is created.

    A crash between the two leaves nothing that could be sent twice: the corrected sheet is then simply run again.
    """
    for name in list_family(ledger, account, batch):
        if ledger.read_head(name).state not in ENDED:
            ledger.append(name, [StateChanged(at, BatchState.FINISHED, make_note("closed-by-correction"))])


def _find_first(before: Mapping[str, str | None], batch: str) -> str:
    """Find the batch that the list began with."""
    seen = {batch}
    while (earlier := before.get(batch)) is not None and earlier in before and earlier not in seen:
        seen.add(earlier)
        batch = earlier
    return batch


def _refuse_alarms(views: Sequence[BatchView]) -> None:
    """Refuse where balances show credit that nothing explains: what is called not done may have been paid."""
    for view in views:
        if has_open_alarm(view):
            raise UsageError(
                _(
                    "The balances at the end of batch {batch} are not explained by what it did, so a row that was "
                    "refused may have been paid: look into it, then say so with --again --why REASON."
                ).format(batch=view.head.batch)
            )


def _refuse_unfinished(views: Sequence[BatchView]) -> None:
    """Refuse a list of what is to be fixed for a batch that has not ended: it holds no row that was never sent."""
    for view in views:
        if view.head.state not in ENDED:
            raise UsageError(
                _(
                    "Batch {batch} stopped before all its rows were sent, and the list of what is to be fixed does not "
                    "have those: `creditbatch resume {batch}` first, or correct the whole sheet and send that."
                ).format(batch=view.head.batch)
            )


def _make_history(views: Sequence[BatchView], source: Source, *, is_whole: bool) -> History:
    cut_short = [view for view in views if view.head.state is not BatchState.FINISHED]
    return History(
        done=_list_past_movements(views, _is_done),
        unsent=_list_past_movements(cut_short, _can_be_sent),
        unfinished=tuple(_get_name(view) for view in views if view.head.state not in ENDED),
        comparable=frozenset(_get_name(view) for view in views if _has_same_numbering(view, source, is_whole=is_whole)),
        is_whole=is_whole,
        open=_count_open(views),
        undone=_list_past_movements(views, lambda entry: not _is_done(entry)),
    )


def _count_open(views: Sequence[BatchView]) -> Counter[tuple[str, Direction]]:
    """Count, by sub-account and direction, the most rows that the list had, less those that are done."""
    asked: Counter[tuple[str, Direction]] = Counter()
    done: Counter[tuple[str, Direction]] = Counter()
    for view in views:
        asked |= Counter(_list_ways(view.rows))
        done += Counter(_list_ways(entry for entry in view.rows if _is_done(entry)))
    return asked - done


def _list_ways(entries: Iterable[BatchRow]) -> Iterator[tuple[str, Direction]]:
    for entry in entries:
        if entry.row.token is not None and entry.row.direction is not None:
            yield entry.row.token, entry.row.direction


def _has_same_numbering(view: BatchView, source: Source, *, is_whole: bool) -> bool:
    """Tell whether row numbers mean the same. Every list of what is to be fixed counts from its own first row."""
    was_whole = not _is_list_to_fix(view.head.source, view.columns)
    if is_whole and was_whole:
        return True
    return is_whole == was_whole and view.head.source.file_name == source.file_name


def _is_list_to_fix(source: Source, columns: Sequence[str]) -> bool:
    """Tell whether it is the sheet of a report that lists what is to be fixed, by its name and our column in it."""
    return any(words.to_fix == source.sheet and words.reason in columns for words in REPORT_WORDS.values())


def _list_past_movements(views: Sequence[BatchView], wanted: Callable[[BatchRow], bool]) -> tuple[EarlierRow, ...]:
    return tuple(
        EarlierRow(_get_name(view), movement)
        for view in views
        for movement in list_movements(entry.row for entry in view.rows if wanted(entry))
    )


def _is_done(entry: BatchRow) -> bool:
    return entry.result.status is Status.DONE


def _can_be_sent(entry: BatchRow) -> bool:
    return entry.result.status is Status.PENDING or is_account_refusal(entry.result)


def _get_name(view: BatchView) -> str:
    return view.head.batch or ""


REPEATED = "already-run"
"""The finding of a list that was run before."""


def check_against_ledger(checked: DryRun, ledger: Ledger, account: int, choices: Choices) -> DryRun:
    """Add what the ledger says of the dry run. What it continues is left out of the plan already."""
    tokens = checked.plan.tokens
    continued = () if choices.only_unsettled is None else list_family(ledger, account, choices.only_unsettled)
    past = ledger.find_past_lists(account, checked.at - REMEMBERED, tokens)
    new = NewList(checked.sheet.source, checked.plan, choices.period, checked.at, is_meant=choices.again)
    found = list(find_repetition(new, past, continued))
    if checked.account is not None:
        known = ledger.find_last_balances(account, tokens)
        rises = find_rises(known, checked.account.balances.subaccounts)
        movements = checked.plan.movements if rises else ()
        found += find_paid_elsewhere(movements, known, rises, is_meant=choices.again)
    return replace(checked, sheet=replace(checked.sheet, findings=(*checked.sheet.findings, *found)))


def find_repeat_finding(checked: DryRun) -> Finding | None:
    """Find what says that the list was run before; None if it was not, or is meant to be run again."""
    return next((finding for finding in checked.sheet.findings if finding.code == REPEATED), None)


class Obstacle(StrEnum):
    """Why a dry run is not run as it is. Each shell says it in its own words."""

    SHEET_ERRORS = "sheet-errors"  # the sheet as a whole must be corrected first
    INVALID_ROWS = "invalid-rows"  # some rows have errors, and nobody agreed to leave them out
    NOTHING_TO_SEND = "nothing-to-send"  # no row is left
    WOULD_BE_REFUSED = "would-be-refused"  # by the forecast, and nobody agreed to run the rest


def find_sheet_obstacle(checked: DryRun, choices: Choices) -> Obstacle | None:
    """Find what in the sheet keeps it from being run; None if nothing does."""
    if checked.sheet.has_sheet_errors:
        return Obstacle.SHEET_ERRORS
    if checked.invalid_rows and not choices.skip_invalid:
        return Obstacle.INVALID_ROWS
    return Obstacle.NOTHING_TO_SEND if checked.plan.frame.empty else None


def find_forecast_obstacle(checked: DryRun, choices: Choices) -> Obstacle | None:
    """Find what in the forecast keeps the plan from being run; None if nothing does."""
    forecast = checked.forecast
    return None if forecast is None or forecast.passes or choices.partial else Obstacle.WOULD_BE_REFUSED


_LARGEST_KEPT = 100_000_000
"""Bytes of a sheet's file that the ledger keeps."""


def accept(
    ledger: Ledger,
    checked: DryRun,
    access: Access,
    choices: Choices,
    people: People,
    at: datetime,
    content: bytes | None = None,
) -> Work:
    """Record the plan as a batch; returns what is to be done. `people` are who prepared and who approved it.

    `content` is the sheet's file, which the ledger keeps; `UsageError` if it is not the one that was checked. A batch
    whose list it continues must not go on from here.
    """
    if checked.account is None:
        raise AssertionError("a run is never offline")
    source = checked.sheet.source
    if content is not None and hashlib.sha256(content).hexdigest() != source.sha256:
        sentence = _("The sheet {file} was changed after it had been checked, so nothing was sent: run it again.")
        raise UsageError(sentence.format(file=source.file_name))
    if choices.only_unsettled is not None:
        close_unfinished(ledger, access.account, choices.only_unsettled, at)
    # The same plan may be accepted twice in one second.
    mark = hashlib.sha256(f"{checked.plan.digest} {at.isoformat()}".encode()).hexdigest()[:6]
    name = f"{localize(at):%Y%m%d-%H%M%S}-{mark}"
    new = NewBatch(
        name=name,
        at=at,
        sheet=checked.sheet,
        plan=checked.plan,
        opening=checked.account.balances,
        access=access,
        owner=checked.account.name,
        options=write_choices(replace(choices, removes_first=checked.removes_first, reading=checked.reading)),
        why=choices.why,
        people=people,
        content=content if source.size <= _LARGEST_KEPT else None,
    )
    ledger.create(new)
    return prepare_work(new)
