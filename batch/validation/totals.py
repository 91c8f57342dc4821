"""Rows that are no movement: totals, subtotals, amounts carried forward, counts, headings and footers.

They are told by their words and by where they stand, and set aside; what they say is compared with the rows.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple

from batch.findings import Finding
from batch.frames import AMOUNT, DIRECTION, TOKEN, take_rows
from batch.model import Cell, ColumnRole, Direction, Roles, SheetRow
from batch.money import EXACT, THOUSANDTH, ZERO, from_thousandths
from batch.validation.amounts import read_amount
from batch.validation.cells import format_row_ranges, is_blank, quote_cell
from batch.validation.footer import LabelKind, Words, find_label_kind
from batch.validation.header import format_cell_address
from batch.validation.rows import ReadRows, TableLayout
from batch.validation.vocabulary import LONGEST_LABEL, fold, is_list_to_fix, list_words, parse_total_label

if TYPE_CHECKING:
    from pandas import DataFrame

_AMOUNTS = {ColumnRole.AMOUNT: "all", ColumnRole.ADDED: "added", ColumnRole.REMOVED: "removed"}
"""What a total in a column of that role adds up, unless its label says otherwise."""
_SUMS = frozenset({LabelKind.TOTAL, LabelKind.SUBTOTAL, LabelKind.CARRIED})
_WORDS_OF_SUMS = list_words("""and d de des du et for l la le les of pour somme sous soustotal sub subtotal sum the
    total totaux""")
_GROUP = re.compile(r"total .+|.+ total")
_MOST_GROUPS = 50  # groups before a subtotal that it is compared with: it may add up several of them


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows that are left, what is said of them, and what is said of those that were set aside."""

    frame: DataFrame
    row_findings: Mapping[int, tuple[Finding, ...]]
    findings: tuple[Finding, ...] = ()


class _Stated(NamedTuple):
    """A cell of a total row: what it adds up, and its number; None if that cannot be read."""

    column: int
    measure: str
    number: Decimal | None
    cell: Cell
    is_column: bool  # in one of a pair of columns, it can only be the total of that one


@dataclass(frozen=True, slots=True)
class _Line:
    """A row that may be none of the movements; `place` counts the rows from 0."""

    place: int
    row: SheetRow
    kind: LabelKind | None
    label: str
    stated: Sequence[_Stated]
    is_sure: bool = True  # "Total Lyon" is a subtotal of Excel's, or a client's name

    @property
    def is_sum(self) -> bool:
        return self.is_sure and self.kind in _SUMS and bool(self.stated)


def set_totals_aside(read: ReadRows, table: TableLayout, known: Collection[str]) -> Kept:
    """Set aside the rows that are no movements, and compare what they say with the rows that are."""
    frame, roles = read.frame, table.roles
    lines = {line.place: line for line in _find_lines(read, roles, known)}
    if not lines:
        return Kept(frame, dict(sorted(read.findings.items())))
    words = Words(frame, roles, known)
    lines |= {line.place: line for line in _take_sure_lines(lines.values(), frame, table)}
    sums = [line for line in lines.values() if line.is_sum]
    counts = [line for line in lines.values() if line.kind is LabelKind.COUNT and _read_count(line) is not None]
    end = len(frame) - _count_from_end(lines, len(frame), words.is_words_below_total)
    last = lines.get(end - 1)
    if last and not last.is_sum and _is_sum_of_all(last, frame, roles, {line.place for line in sums}):
        sums.append(last)
    told = {line.place for line in (*sums, *counts)}
    if end - 1 not in told:
        end = len(frame) - _count_closing_rows(lines, frame, words)
    notes = [lines[place] for place in range(end, len(frame)) if place not in told]
    headings = [line for line in lines.values() if line.place < end and _is_heading(line, table, words, sums)]
    aside = {line.place for line in (*sums, *counts, *notes, *headings)}
    course = _Course(frame, aside, sorted(line.place for line in (*sums, *headings)))
    gone = {lines[place].row.number for place in aside}
    # Of a list of ours that is a formula: nobody said what its rows should come to.
    told_sums = () if is_list_to_fix(table.titles) else sums
    findings = [
        *_compare_sums(told_sums, course, signed=table.signed),
        *_compare_counts(counts, len(frame) - len(aside)),
    ]
    if headings:
        findings.append(_report_lines("headings", headings))
    if notes:
        findings.append(_report_lines("text-below", notes, as_table=not sums))
    kept = {row: said for row, said in sorted(read.findings.items()) if row not in gone}
    return Kept(frame.drop(index=list(gone)), kept, tuple(findings))


def _find_lines(read: ReadRows, roles: Roles, known: Collection[str]) -> Iterator[_Line]:
    """Find the rows that name nobody, whose words say that they add something up, or that ask for nothing."""
    frame = read.frame
    may_be = frame[TOKEN].isna() | (frame[AMOUNT].isna() & frame[DIRECTION].isna())
    if read.labels:
        may_be |= frame[TOKEN].isin(read.labels)
    if len(frame) > 1 and frame[TOKEN].iloc[-1] == str(len(frame) - 1) and frame[TOKEN].iloc[-1] not in known:
        # Excel's own row of totals counts the tokens.
        may_be.iloc[-1] = True
    groups = [token for token in frame[TOKEN].cat.categories if token not in known and _is_group_label(token)]
    if groups:
        may_be |= frame[TOKEN].isin(groups) & (frame[DIRECTION].isna() if ColumnRole.DIRECTION in roles else True)
    places = may_be.to_numpy().nonzero()[0].tolist()
    for place, row in zip(places, take_rows(frame.iloc[places], read.findings), strict=True):
        label = _find_label(row, roles)
        kind = find_label_kind(label)
        stated = _read_stated_totals(row, label, roles)
        is_group = kind is None and _is_group_label(label)
        yield _Line(place, row, LabelKind.SUBTOTAL if is_group else kind, label, stated, is_sure=not is_group)


def _is_group_label(text: str) -> bool:
    """Tell whether it is what Excel writes below a group: "Total Lyon", "Lyon Total"."""
    return len(text) <= LONGEST_LABEL and _GROUP.fullmatch(fold(text)) is not None


def _take_sure_lines(lines: Iterable[_Line], frame: DataFrame, table: TableLayout) -> list[_Line]:
    """Find those that are sure among the lines that may be subtotals or clients: they add up their groups."""
    # In a sheet with subtotals, so are those that name nobody: they are wrong rather than movements.
    sums = [line for line in lines if line.kind in _SUMS and line.stated]
    course = _Course(frame, {line.place for line in sums}, sorted(line.place for line in sums))
    # Where no direction is asked for, a client of that name may get what the rows above him add up to.
    closing = max((line.place for line in sums if line.is_sure and line.kind is LabelKind.TOTAL), default=-1)
    could_be = ColumnRole.DIRECTION not in table.roles
    unsure = [line for line in sums if not line.is_sure and not (could_be and line.row.token and line.place > closing)]

    def agrees(line: _Line, stated: _Stated) -> bool:
        meant = _list_meanings(stated, signed=table.signed)
        return course.agrees(stated, meant, course.starts(line.place)[:1], line.place)

    agreeing = {line.place for line in unsure if all(agrees(line, stated) for stated in line.stated)}
    has_subtotals = bool(agreeing) or any(line.is_sure and line.kind is LabelKind.SUBTOTAL for line in sums)
    sure = (line for line in unsure if line.place in agreeing or (has_subtotals and line.row.token is None))
    return [replace(line, is_sure=True) for line in sure]


def _find_label(row: SheetRow, roles: Roles) -> str:
    """Find the words that say what the row is; none if it names a sub-account or a direction as well."""
    named = row.cells[roles[ColumnRole.TOKEN]] if ColumnRole.TOKEN in roles else None
    if isinstance(named, str) and not is_blank(named):
        return named
    if row.direction is not None and ColumnRole.DIRECTION in roles:
        return ""
    texts = [cell for cell in row.cells if isinstance(cell, str)]
    return next((text for text in texts if find_label_kind(text)), next(filter(_is_group_label, texts), ""))


def _read_stated_totals(row: SheetRow, label: str, roles: Roles) -> list[_Stated]:
    measured = parse_total_label(label) or ""
    found = []
    for role, usual in _AMOUNTS.items():
        if role not in roles or is_blank(row.cells[roles[role]]):
            continue
        cell = row.cells[roles[role]]
        is_column = role is not ColumnRole.AMOUNT and measured != "net"
        measure = usual if is_column or not measured else measured
        number = _read_sum(cell)
        if measure == "net" and role is ColumnRole.REMOVED and number is not None:
            # A balance stands on the side that outweighs the other.
            number = -number
        found.append(_Stated(roles[role], measure, number, cell, is_column))
    if measured == "net" and len(found) > 1:
        return [item for item in found if item.number != ZERO] or found[:1]
    return found


def _read_sum(cell: Cell) -> Decimal | None:
    reading = read_amount(cell)
    if reading.broken in {"amount-missing", "amount-zero"}:
        return ZERO
    if isinstance(cell, Decimal) and cell.is_finite():
        # A sum of many binary fractions is off by a little; its rows have at most three decimals.
        return cell.quantize(THOUSANDTH, rounding=ROUND_HALF_UP, context=EXACT)
    return None if reading.amount is None else -reading.amount if reading.sign == "-" else reading.amount


class _Course:
    """What the rows come to from the first on, each way that a total may mean it."""

    def __init__(self, frame: DataFrame, aside: Collection[int], ends: Sequence[int]) -> None:
        amounts = frame[AMOUNT].fillna(0).reset_index(drop=True)
        amounts[list(aside)] = 0
        ways = frame[DIRECTION].reset_index(drop=True)
        added = amounts.where(ways == Direction.ADD.value, 0)
        removed = amounts.where(ways == Direction.REMOVE.value, 0)
        measured = {"all": amounts, "added": added, "removed": removed, "net": added - removed}
        self._courses = {measure: each.cumsum().tolist() for measure, each in measured.items()}
        self._ends = ends
        self.end = len(frame)
        self.last = max(set(range(len(frame))).difference(aside), default=-1)
        """Where the last row stands that is not set aside."""

    def measure(self, measure: str, start: int, end: int) -> Decimal:
        course = self._courses[measure]
        return from_thousandths((course[end - 1] if end else 0) - (course[start - 1] if start else 0))

    def agrees(self, stated: _Stated, ways: Iterable[str], starts: Sequence[int], end: int) -> bool:
        """Tell whether the rows from one of these places come to what is stated, in one of these ways."""
        return any(self.measure(way, start, end) == stated.number for way in ways for start in starts)

    def starts(self, end: int) -> list[int]:
        """List where the group that ends here may begin, the nearest first: behind a sum or a heading, or the top."""
        last = bisect_left(self._ends, end)
        near = [place + 1 for place in reversed(self._ends[max(0, last - _MOST_GROUPS) : last])]
        every = self._courses["all"]
        return [start for start in near if every[end] != every[start - 1]] + [0]


def _is_sum_of_all(line: _Line, frame: DataFrame, roles: Roles, sums: Collection[int]) -> bool:
    """Tell whether a row without a label names nobody and no direction, and its amounts add up the others."""
    # In the token's column it may have their number.
    token = roles.get(ColumnRole.TOKEN)
    names = token is not None and not is_blank(line.row.cells[token]) and line.row.token != str(line.place)
    says_way = ColumnRole.DIRECTION in roles and not is_blank(line.row.cells[roles[ColumnRole.DIRECTION]])
    if names or says_way or not line.stated or not line.place:
        return False
    course = _Course(frame, {*sums, line.place}, [])
    return all(
        course.agrees(stated, ("all", "net") if stated.measure == "all" else (stated.measure,), [0], line.place)
        for stated in line.stated
    )


def _compare_sums(sums: Sequence[_Line], course: _Course, *, signed: bool) -> Iterator[Finding]:
    agreeing: list[_Line] = []
    ordered = sorted(sums, key=lambda line: line.place)
    for line in ordered:
        # A total with rows below it is one of a group where another closes the table; else it misses those rows.
        is_total = line.kind in {LabelKind.TOTAL, None} and not line.place < course.last < ordered[-1].place
        groups = course.starts(line.place) if not is_total or line is not ordered[-1] else []
        compared = (
            _compare_one(line, stated, course, groups, is_total=is_total, signed=signed) for stated in line.stated
        )
        said = [finding for finding in compared if finding]
        yield from said
        if not said:
            agreeing.append(line)
    if agreeing:
        yield _report_lines("subtotals-agree", agreeing)


def _compare_one(
    line: _Line, stated: _Stated, course: _Course, groups: Sequence[int], *, is_total: bool, signed: bool
) -> Finding | None:
    """Say what is wrong with a total, or with a subtotal that agrees with no group beginning at these places."""
    row, at = line.row.number, format_cell_address(stated.column, line.row.number)
    if stated.number is None:
        return Finding("total-unreadable", row, at, {"at": at, **quote_cell(stated.cell)})
    meant = _list_meanings(stated, signed=signed)
    first = meant[0]
    whole = next((way for way in meant if course.measure(way, 0, course.end) == stated.number), None)
    if not (is_total and whole) and course.agrees(stated, meant, groups, line.place):
        return None
    code, start, end = ("subtotal", groups[0], line.place) if not is_total else ("total-wrong", 0, course.end)
    if is_total and whole:
        code, first = "total-agrees", whole
    found = course.measure(first, start, end)
    return Finding(code, row, at, {"at": at, "as": first, "stated": str(stated.number), "found": str(found)})


def _list_meanings(stated: _Stated, *, signed: bool) -> tuple[str, ...]:
    """List what a total may mean: a general one either way, one of a way everything as well ("total des crédits")."""
    # But in a column of its own a total is that column's.
    first = "net" if signed and stated.measure == "all" else stated.measure
    return (first,) if stated.is_column else (first, "all", "net")


def _read_count(line: _Line) -> int | None:
    """Read the number that a count says, in a cell or behind its words."""
    numbers = [int(cell) for cell in line.row.cells if isinstance(cell, Decimal) and cell.is_finite()]
    texts = (cell for cell in line.row.cells if isinstance(cell, str))
    numbers += [int(found) for text in texts for found in re.findall(r"(?<![\w.,/-])\d{1,7}(?![\w.,/-])", text)]
    return numbers[0] if len(set(numbers)) == 1 else None


def _compare_counts(counts: Sequence[_Line], rows: int) -> Iterator[Finding]:
    for line in counts:
        stated = _read_count(line)
        params = {"row": str(line.row.number), "stated": str(stated), "found": str(rows)}
        yield Finding("count-agrees" if stated == rows else "count-wrong", line.row.number, None, params)


def _is_heading(line: _Line, table: TableLayout, words: Words, sums: Sequence[_Line]) -> bool:
    """Tell whether a row between the others is a footer, the header once more, or words over a group.

    Words in a column that movements fill as well may be a row of which the rest was forgotten, and so may a single word
    in the token's, unless a subtotal below names them.
    """
    if line.is_sum or line.kind is LabelKind.COUNT:
        return False
    if _is_repeated_header(line.row, table) or (line.kind in _SUMS and _has_no_movement(line.row, table)):
        return True
    if not words.has_words_alone(line.row):
        return False
    if line.kind is LabelKind.FOOTER or (words.is_words(line.row) and words.stand_apart(line.row)):
        return True
    named = set(fold(next(cell for cell in line.row.cells if isinstance(cell, str) and not is_blank(cell))).split())
    below = next((end for end in sums if end.place > line.place), None)
    return below is not None and not named.isdisjoint(set(fold(below.label).split()) - _WORDS_OF_SUMS)


def _has_no_movement(row: SheetRow, table: TableLayout) -> bool:
    return all(is_blank(row.cells[at]) for role, at in table.roles.items() if role is not ColumnRole.TOKEN)


def _is_repeated_header(row: SheetRow, table: TableLayout) -> bool:
    """Tell whether the row says what the header says, as where every page begins with it."""
    titles = [table.titles[at] for at in table.roles.values()]
    cells = [row.cells[at] for at in table.roles.values()]
    return all(isinstance(cell, str) and fold(cell) == fold(title) for cell, title in zip(cells, titles, strict=True))


def _count_from_end(lines: Mapping[int, _Line], end: int, is_words: Callable[[SheetRow], bool]) -> int:
    place = end - 1
    while place in lines and not lines[place].is_sum and is_words(lines[place].row):
        place -= 1
    return end - 1 - place


def _count_closing_rows(lines: Mapping[int, _Line], frame: DataFrame, words: Words) -> int:
    """Count the rows of words at the end of a table without a total."""
    # Words right below a movement belong to the table: they may be a row of which the rest was forgotten.
    count = _count_from_end(lines, len(frame), words.is_words)
    first = len(frame) - count
    while first < len(frame) and not (first and frame.index[first] > frame.index[first - 1] + 1):
        first += 1
    return len(frame) - first


def _report_lines(code: str, lines: Sequence[_Line], *, as_table: bool = False) -> Finding:
    numbers = [line.row.number for line in lines]
    first = next((cell for cell in lines[0].row.cells if not is_blank(cell)), None)
    params = {"below": format_row_ranges(numbers), **quote_cell(first), **({"as": "table"} if as_table else {})}
    return Finding(code, numbers[0], None, params)
