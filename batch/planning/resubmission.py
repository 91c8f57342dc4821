"""A list that is sent again: what of it was run before, and which rows of a corrected sheet are done already.

Rows are matched by what they ask for, and only among equal ones by their numbers. What was done and is not in the sheet
any more is gone, or has become another row; a person must say which, by putting it back as it was.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from batch.findings import Finding
from batch.frames import Plan
from batch.model import ColumnRole, Direction, Movement, Roles, SheetRow, Source
from batch.money import encode_amount
from batch.validation.cells import format_row_ranges
from batch.validation.header import format_cell_address
from batch.zone import localize

MovementKey = tuple[str, str, Decimal]
"""Token, direction and amount: to the provider, movements with the same key are the same."""


@dataclass(frozen=True, slots=True)
class EarlierRow:
    batch: str
    movement: Movement

    @property
    def key(self) -> MovementKey:
        return self.movement.token, self.movement.direction, self.movement.amount


@dataclass(frozen=True, slots=True)
class History:
    done: tuple[EarlierRow, ...]
    unsent: tuple[EarlierRow, ...] = ()  # of batches that have not ended, or were abandoned before their end
    unfinished: tuple[str, ...] = ()
    comparable: frozenset[str] = frozenset()  # those whose row numbers mean the same: a *To fix* sheet counts anew
    is_whole: bool = True  # whether the sheet is the whole list once more, and not only what is to be fixed
    open: Mapping[tuple[str, Direction], int] = field(default_factory=dict)
    """How many rows of a sub-account and direction the list had beyond those that are done."""
    undone: tuple[EarlierRow, ...] = ()  # what such rows asked for, where that could be read


@dataclass(frozen=True, slots=True)
class Comparison:
    """The corrected sheet against what became of the list. Keys are the sheet's row numbers."""

    done: Mapping[int, EarlierRow]  # these rows are done: they are left out
    changed: Mapping[int, EarlierRow]
    """These rows look like one that is done and is not in the sheet any more, by where they stand or whom they name."""
    alike: Mapping[int, EarlierRow]
    """These rows are new, and ask for the same as one that is done and gone, but for another sub-account."""
    gone: tuple[EarlierRow, ...]  # rows that are done, and that nothing in the sheet looks like
    dropped: tuple[EarlierRow, ...]  # rows that were not sent, and that the sheet does not have any more
    closed: tuple[str, ...]  # batches that have not ended, and that must not go on once this sheet is run


def compare_history(rows: Sequence[SheetRow], history: History) -> Comparison:
    """Match the sheet's rows with what was done: every movement that was done takes one row that asks for it."""
    done, unmatched = _match_rows(rows, history.done)
    rest = [row for row in rows if row.number not in done]
    missing = [past for past in unmatched if history.is_whole or past.batch in history.comparable]
    new = list(_find_new_rows(rest, history))
    changed = _find_changed_rows(rest, missing, done, history.comparable, {row.number for row in new})
    alike = _find_alike_rows((row for row in new if row.number not in changed), missing)
    resembled = {*changed.values(), *alike.values()}
    _, unsent = _match_rows(rest, history.unsent)
    numbers = {row.number for row in rest} if history.is_whole else set()
    gone = (past for past in missing if past not in resembled)
    dropped = (past for past in unsent if not (past.batch in history.comparable and past.movement.row in numbers))
    return Comparison(done, changed, alike, tuple(gone), tuple(dropped), history.unfinished)


def list_row_findings(row: SheetRow, roles: Roles, comparison: Comparison) -> tuple[Finding, ...]:
    """Say what there is to say of a row that is not left out."""
    past = comparison.changed.get(row.number) or comparison.alike.get(row.number)
    if past is None:
        return ()
    was = past.movement
    params = {"row": str(was.row), "batch": past.batch, "token": was.token, "direction": was.direction.value}
    params |= {"amount": encode_amount(was.amount)}
    params |= {} if row.number in comparison.changed else {"as": "alike"}
    column = _find_differing_column(row, was, roles)
    cell = None if column is None else format_cell_address(column, row.number)
    return (Finding("row-was-done", row.number, cell, params),)


def list_sheet_findings(comparison: Comparison) -> Iterator[Finding]:
    """Say what there is to say of the sheet as a whole."""
    for batch, numbers in _group_by_batch((past.batch, number) for number, past in comparison.done.items()):
        yield Finding("rows-done-before", params={"batch": batch, "rows": format_row_ranges(numbers)})
    for code, pasts in (("done-rows-gone", comparison.gone), ("unsent-rows-gone", comparison.dropped)):
        for batch, numbers in _group_by_batch((past.batch, past.movement.row) for past in pasts):
            yield Finding(code, params={"batch": batch, "rows": format_row_ranges(numbers)})
    for batch in comparison.closed:
        yield Finding("batch-closed", params={"batch": batch})


def _match_rows(
    rows: Iterable[SheetRow], pasts: Iterable[EarlierRow]
) -> tuple[dict[int, EarlierRow], list[EarlierRow]]:
    """Give each past row one row that asks for the same, of its own number if there is one; list those that find none.

    A row with an error may be done as well: its sub-account may have been closed since.
    """
    pool: dict[MovementKey, dict[EarlierRow, None]] = defaultdict(dict)
    for past in pasts:
        pool[past.key][past] = None
    at = {(past.key, past.movement.row): past for past in pasts}
    found: dict[int, EarlierRow] = {}
    others: list[tuple[int, MovementKey]] = []
    for row in rows:
        key = _make_key(row)
        if key is None or key not in pool:
            continue
        same = at.get((key, row.number))
        if same is not None and same in pool[key]:
            del pool[key][same]
            found[row.number] = same
        else:
            others.append((row.number, key))
    for number, key in others:
        if pool[key]:
            first = next(iter(pool[key]))
            del pool[key][first]
            found[number] = first
    return found, [past for left in pool.values() for past in left]


def _make_key(row: SheetRow) -> MovementKey | None:
    if row.token is None or row.direction is None or row.amount is None:
        return None
    return row.token, row.direction, row.amount


def _find_changed_rows(
    rest: Sequence[SheetRow],
    missing: Sequence[EarlierRow],
    done: Mapping[int, EarlierRow],
    comparable: Collection[str],
    new: Collection[int],
) -> dict[int, EarlierRow]:
    """Find the rows that stand where a missing one stood, or that name its sub-account and direction."""
    # A row that the list had elsewhere is not told by its place.
    if not missing:
        return {}
    by_place = {(past.batch, past.movement.row): past for past in missing if past.batch in comparable}
    by_account = {(past.movement.token, past.movement.direction): past for past in missing}
    places = [_Places(batch, done) for batch in dict.fromkeys(batch for batch, _ in by_place)]
    changed: dict[int, EarlierRow] = {}
    for row in rest:
        past = None
        if row.number in new:
            stood = ((place.batch, number) for place in places for number in place.count_earlier(row.number))
            past = next((by_place[at] for at in stood if at in by_place), None)
        if past is None and row.token is not None and row.direction is not None:
            past = by_account.get((row.token, row.direction))
        if past is not None:
            changed[row.number] = past
    return changed


def _find_new_rows(rest: Iterable[SheetRow], history: History) -> Iterator[SheetRow]:
    """Find the rows that the list did not have yet, as far as their sub-accounts and directions tell."""
    # Of several that name the same, those are known which ask for what was asked before.
    counted = Counter(history.open)
    undone = {past.key for past in history.undone}
    for row in sorted(rest, key=lambda row: _make_key(row) not in undone):
        if row.token is None or row.direction is None or counted[row.token, row.direction] == 0:
            yield row
        else:
            counted[row.token, row.direction] -= 1


def _find_alike_rows(new: Iterable[SheetRow], missing: Sequence[EarlierRow]) -> dict[int, EarlierRow]:
    """Find the new rows of a missing one's amount and direction: in a sheet that was sorted only these tell."""
    # Which of several it has become cannot be known, so it is said of each.
    by_amount = {past.key[1:]: past for past in missing}
    keys = ((row.number, _make_key(row)) for row in new)
    return {number: by_amount[key[1:]] for number, key in keys if key and key[1:] in by_amount}


class _Places:
    """Where the rows of a batch were before lines were put in or taken out: as far from their neighbours as now."""

    def __init__(self, batch: str, done: Mapping[int, EarlierRow]) -> None:
        self.batch = batch
        anchors = sorted((number, past.movement.row) for number, past in done.items() if past.batch == batch)
        self._now = [now for now, _ in anchors]
        self._then = [then for _, then in anchors]

    def count_earlier(self, number: int) -> set[int]:
        """Find the numbers that the row may have had: its own, and those by the nearest rows that are known."""
        found = {number}
        place = bisect_left(self._now, number)
        for index in (place - 1, place):
            if 0 <= index < len(self._now):
                found.add(number - self._now[index] + self._then[index])
        return found


def _group_by_batch(pairs: Iterable[tuple[str, int]]) -> Iterable[tuple[str, list[int]]]:
    grouped: dict[str, list[int]] = defaultdict(list)
    for batch, number in pairs:
        grouped[batch].append(number)
    return grouped.items()


def _find_differing_column(row: SheetRow, was: Movement, roles: Roles) -> int | None:
    """Find the column of the first cell that says something else than the row that was done."""
    one_of_a_pair = ColumnRole.REMOVED if row.direction is Direction.REMOVE else ColumnRole.ADDED
    amount = roles.get(ColumnRole.AMOUNT, roles.get(one_of_a_pair))
    if row.amount != was.amount and amount is not None:
        return amount
    if row.token != was.token and ColumnRole.TOKEN in roles:
        return roles[ColumnRole.TOKEN]
    return roles.get(ColumnRole.DIRECTION, amount)


REMEMBERED = timedelta(days=40)  # a month and some days: beyond that nothing is said
SAME_LIST = timedelta(days=20)  # within this a list is not to be done again; monthly lists are further apart
_ENOUGH_ALIKE = 2  # movements that must be done already before "half of them" says anything; of a list of one, that one


@dataclass(frozen=True, slots=True)
class PastList:
    """A batch that was accepted before: which list it was, and how often it did, or may have done, each movement."""

    batch: str
    at: datetime  # when its credit last moved, or may have; where none did, when it was accepted
    file_name: str
    sha256: str
    period: str | None
    done: Mapping[MovementKey, int]


@dataclass(frozen=True, slots=True)
class NewList:
    """The list at hand: its movements in the sheet's order, and the period that a person named for it."""

    source: Source
    plan: Plan
    period: str | None
    at: datetime
    is_meant: bool = False  # a person says, with a reason, that it is to be paid again


def find_repetition(new: NewList, past: Sequence[PastList], continued: Collection[str] = ()) -> Iterator[Finding]:
    """Say what of the list was run before. What it continues on purpose (`continued`) is not counted.

    One error where it is the same list, and one warning for each other batch that did some of the same.
    """
    others = [earlier for earlier in past if earlier.batch not in continued]
    for earlier in others:
        if earlier.file_name == new.source.file_name and earlier.sha256 != new.source.sha256:
            params = {"file": earlier.file_name, "batch": earlier.batch, "day": _format_day(earlier.at)}
            yield Finding("file-name-again", params=params)
    if not any(earlier.done for earlier in others):
        return
    keys = [(asked.row, (asked.token, asked.direction.value, asked.amount)) for asked in new.plan.movements]
    recent = [earlier for earlier in others if _may_be_same(new, earlier)]
    repeated = _find_repeated_rows(keys, recent)
    is_same = _is_same_list(len(repeated), len(keys))
    if is_same:
        doing = [earlier.batch for earlier in recent if _find_repeated_rows(keys, [earlier])]
        params = {"count": str(len(repeated)), "all": str(len(keys)), "batches": ", ".join(doing)}
        params |= {"rows": format_row_ranges(repeated)}
        yield Finding("run-again" if new.is_meant else "already-run", params=params)
    for earlier in others:
        if is_same and earlier in recent:
            continue
        if rows := _find_repeated_rows(keys, [earlier]):
            params = {"as": "counted", "count": str(len(rows)), "batch": earlier.batch}
            params |= {"day": _format_day(earlier.at), "rows": format_row_ranges(rows)}
            yield Finding("movements-again", params=params)


def _is_same_list(repeated: int, movements: int) -> bool:
    return repeated >= min(_ENOUGH_ALIKE, movements) > 0 and 2 * repeated >= movements


def _may_be_same(new: NewList, earlier: PastList) -> bool:
    """Tell whether the batch is new enough to be the same list, and not of another period."""
    periods = {" ".join(period.casefold().split()) for period in (new.period, earlier.period) if period}
    return earlier.at >= new.at - SAME_LIST and len(periods) < 2


def _find_repeated_rows(keys: Sequence[tuple[int, MovementKey]], past: Sequence[PastList]) -> list[int]:
    """Find the rows that were done, by number: each movement that was done stands for one row that asks for it."""
    done: Counter[MovementKey] = Counter()
    for earlier in past:
        done.update(earlier.done)
    found: list[int] = []
    for number, key in keys:
        if done[key] > 0:
            done[key] -= 1
            found.append(number)
    return found


def _format_day(at: datetime) -> str:
    return f"{localize(at):%Y-%m-%d}"
