"""Finding the header and what each column holds, so that titles, logos and blank lines above the table do no harm.

A header is one row, or two where a title such as "Mouvement" spans "Ajout" and "Retrait" below it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from batch.findings import Finding
from batch.i18n import show_value
from batch.model import AMOUNTS, Cell, ColumnRole, Roles, Titles
from batch.validation.amounts import read_amount
from batch.validation.cells import format_cell, has_foreign_unit, is_blank, strip_invisible
from batch.validation.titles import (
    COLUMN_TITLES,
    find_close_title,
    find_column_roles,
    is_currency_title,
    may_be_part,
    measure_likeness,
)
from batch.validation.vocabulary import fold

SEARCHED_ROWS = 30
ENOUGH_ROLES = 2  # a row that names so many columns that we know is a table's header
_COMPARED_COLUMNS = 100  # comparing takes time; a table whose columns are missing is not this wide
_NAMED_TITLES = 3
_NAMED_CHARACTERS = 24  # of titles that a message names, so that it stays one short sentence
_HAND = -1  # how sure a column is that was named by hand
_LETTERS = re.compile(r"[A-Z]{1,3}")
_folded = lru_cache(maxsize=1 << 13)(fold)
"""A cell's text is asked for three times: as a title of its own, and with the ones above and below it."""

PAIR = (ColumnRole.ADDED, ColumnRole.REMOVED)
WORDED = (ColumnRole.AMOUNT, ColumnRole.DIRECTION)  # the two ways in which a row says which way how much moves

Merged = tuple[int, int, int, int]
"""First row, first column, last row, last column: rows as Excel counts them, columns from 0."""
_Candidates = dict[ColumnRole, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Header:
    """The header's last row (as Excel counts), every column's title, and the column index of each role found."""

    row: int
    titles: tuple[str, ...]
    roles: Roles
    missing: tuple[ColumnRole, ...]
    findings: tuple[Finding, ...]
    currency: int | None = None  # the column of each row's currency, by its title


def find_header(
    rows: Sequence[Sequence[Cell]],
    columns: Titles | None = None,
    merged: Sequence[Merged] = (),
    *,
    signed: bool = False,
    remembered: Titles | None = None,
) -> Header | None:
    """Find the one of the first rows that names the most columns we know, the first if several do; None if none does.

    `columns` were named by hand, each by its title or its letter; one that is not there is a finding, and is looked for
    by its titles. Signed amounts need no direction. What is `remembered` from an earlier sheet is like what was named
    by hand, but may be absent.
    """
    by_hand = {**(remembered or {}), **(columns or {})}
    single: list[_Found] = []
    double: list[_Found] = []
    above: list[str] = []
    spanning = _group_by_row(merged)
    for number, cells in enumerate(rows[:SEARCHED_ROWS], start=1):
        titles = [strip_invisible(cell) if isinstance(cell, str) else "" for cell in cells]
        candidates = _find_candidates([(title,) for title in titles], by_hand, cells)
        single.append(_Found(number, _format_titles(cells), candidates))
        if number > 1 and any(titles):
            double += _join_rows(number, above, titles, by_hand, cells, spanning.get(number - 1, ()))
        above = titles
    known = (found for found in (*single, *double) if found.candidates)
    best = max(known, key=lambda found: found.weight, default=None)
    return _make_header(best, columns or {}, remembered or {}, signed=signed) if best else None


def name_columns(rows: Sequence[Sequence[Cell]], columns: Titles, *, signed: bool = False) -> Header | None:
    """Make the header of a sheet without titles, if all columns that are needed were named by letter; else None."""
    # Its first row, in which an amount stands, is a row like any other.
    lettered = find_lettered_columns(columns)
    first = rows[0] if rows else ()
    is_whole = len(lettered) == len(columns) and not _find_lacking_roles(lettered, signed=signed)
    if not is_whole or max(lettered.values()) >= len(first):
        return None
    if not any(_is_amount(first[column]) for role, column in lettered.items() if role in AMOUNTS):
        return None
    titles = tuple(format_column_letters(column) for column in range(max(map(len, rows))))
    return Header(0, titles, lettered, (), (Finding("columns-by-letter"),))


def report_missing_header(rows: Sequence[Sequence[Cell]]) -> Finding:
    """Say that there is no header, and which row looks most like one: the first of those with the most words."""
    params = {"searched": str(SEARCHED_ROWS)}
    words = [_list_words(cells) for cells in rows[:SEARCHED_ROWS]]
    most = max(words, key=len, default=[])
    if len(most) >= ENOUGH_ROLES:
        params |= {"as": "near", "row": str(words.index(most) + 1), "titles": _encode_titles(most)}
    return Finding("header-missing", params=params)


def format_cell_address(column: int, row: int) -> str:
    """Write an address such as "B5" for a column counted from 0."""
    return f"{format_column_letters(column)}{row}"


def find_lettered_columns(columns: Titles) -> dict[ColumnRole, int]:
    """Find the columns that were named by their letter, or by a title that could be one."""
    names = ((role, name.strip().upper()) for role, name in columns.items())
    return {role: _parse_letters(name) for role, name in names if _LETTERS.fullmatch(name)}


def format_column_letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


@dataclass(frozen=True, slots=True)
class _Found:
    row: int
    titles: tuple[str, ...]
    candidates: _Candidates
    spans: bool = False  # whether a merged title spans the columns of two rows that are read as one

    @property
    def weight(self) -> tuple[int, bool]:
        return len(self.candidates), self.spans


def _join_rows(
    number: int, upper: list[str], lower: list[str], by_hand: Titles, cells: Sequence[Cell], merged: Sequence[Merged]
) -> list[_Found]:
    """Read the row and the one above it as one, if they may be."""
    # Below a title that names a column nothing may stand, or it is a row of the table.
    above = _spread_titles(upper, merged, max(len(upper), len(lower)))
    rows = list(zip_longest(above, lower, upper, fillvalue=""))
    wanted = {fold(name) for name in by_hand.values()}
    titles = [
        (f"{low} {over}", low) if low and over and _may_be_joined(low, over, wanted) else (low or high,)
        for over, low, high in rows
    ]
    named = _find_candidates(titles, by_hand, cells)
    if any(not rows[column][1] for ranked in named.values() for _, column in ranked) or len(named) > ENOUGH_ROLES:
        both = tuple(low or high for _over, low, high in rows)
        return [_Found(number, both, named, any(last > first for _, first, _, last in merged))]
    return []


def _may_be_joined(low: str, above: str, wanted: Set[str]) -> bool:
    """Tell whether two titles in one column may be a title together. Most cells of a table may not, which is soon told.

    An amount of 2026 is not the year of the title above it.
    """
    if may_be_part(low) and may_be_part(above):
        return not _is_amount(low)
    return bool(wanted) and f"{_folded(low)} {_folded(above)}".strip() in wanted


def _group_by_row(merged: Iterable[Merged]) -> Mapping[int, Sequence[Merged]]:
    found: dict[int, list[Merged]] = {}
    for cells in merged:
        for row in range(cells[0], min(cells[2], SEARCHED_ROWS) + 1):
            found.setdefault(row, []).append(cells)
    return found


def _spread_titles(upper: Sequence[str], merged: Sequence[Merged], width: int) -> list[str]:
    spread = [*upper, *[""] * (width - len(upper))]
    for _, first, _, last in merged:
        if first < len(upper):
            for column in range(first + 1, min(last + 1, width)):
                spread[column] = spread[column] or upper[first]
    return spread


def _format_titles(cells: Sequence[Cell]) -> tuple[str, ...]:
    return tuple("" if cell is None else cell.strip() if isinstance(cell, str) else format_cell(cell) for cell in cells)


def _find_candidates(titles: Sequence[tuple[str, ...]], by_hand: Titles, cells: Sequence[Cell]) -> _Candidates:
    """Find for each role the columns that name it, each with how sure its title is; what was named by hand is surest.

    A column has one title, or in two rows the joined one and the lower one, of which the first that is known counts.
    """
    named = _find_named_columns(titles, by_hand, cells)
    candidates: _Candidates = {role: [(_HAND, column)] for role, column in named.items()}
    taken = set(named.values())
    for column, ways in enumerate(titles):
        if column in taken:
            continue
        for role, rank in next(filter(None, (find_column_roles(title) for title in ways if title)), ()):
            if role not in named:
                candidates.setdefault(role, []).append((rank, column))
    return _keep_one_convention(candidates)


def _find_named_columns(
    titles: Sequence[tuple[str, ...]], by_hand: Titles, cells: Sequence[Cell]
) -> dict[ColumnRole, int]:
    """Find the columns named by hand: by the title, or else, in a row that looks like a header, by the letter."""
    # A row with an amount where amounts were said to be is no header, or its movement would be lost.
    if not by_hand:
        return {}
    columns: dict[str, int] = {}
    for column, ways in enumerate(titles):
        for way in ways:
            columns.setdefault(_folded(way) or way, column)
    found = {role: columns.get(fold(name) or name) for role, name in by_hand.items()}
    named = {role: column for role, column in found.items() if column is not None}
    others = find_lettered_columns({role: name for role, name in by_hand.items() if role not in named})
    lettered = {role: column for role, column in others.items() if column < len(titles)}
    if any(role in AMOUNTS and _is_amount(cells[column]) for role, column in lettered.items() if column < len(cells)):
        return named
    has_known = named or any(find_column_roles(title) for ways in titles for title in ways if title)
    return named | lettered if has_known or all(titles[column][-1] for column in lettered.values()) else named


def _is_amount(cell: Cell) -> bool:
    if isinstance(cell, str):
        return read_amount(cell).broken not in {"amount-missing", "amount-not-a-number", "amount-formula"}
    return cell is not None


def _keep_one_convention(candidates: _Candidates) -> _Candidates:
    """Drop the candidates of a convention that is not whole: "Crédit" alone is an amount, not half a pair."""
    # What was named by hand decides. Where both conventions are whole both stay, and the rows must show which is used.
    by_hand = _list_roles_by_hand(candidates)
    pairs, words = by_hand & set(PAIR), by_hand & set(WORDED)
    if pairs and not words:
        return _drop_roles(candidates, WORDED)
    if words and not pairs:
        return _drop_roles(candidates, PAIR)
    if all(role in candidates for role in PAIR):
        return _keep_sure_words(candidates)
    # Half a pair says that the other half is missing, but a lone "ajout" is a row's direction.
    is_half = ColumnRole.TOKEN in candidates and not any(role in candidates for role in WORDED)
    return candidates if is_half else _drop_roles(candidates, PAIR)


def _keep_sure_words(candidates: _Candidates) -> _Candidates:
    """Drop unsure words beside a pair: there "Opération" and "Valeur" are the accountant's own columns."""
    sides = {min(candidates[role])[1] for role in PAIR}
    sure = {
        role: [(rank, column) for rank, column in candidates.get(role, ()) if rank <= 0 and column not in sides]
        for role in WORDED
    }
    return {role: ranked for role, ranked in {**candidates, **sure}.items() if ranked}


def _drop_roles(candidates: _Candidates, roles: Iterable[ColumnRole]) -> _Candidates:
    return {role: ranked for role, ranked in candidates.items() if role not in roles}


def _list_roles_by_hand(candidates: _Candidates) -> set[ColumnRole]:
    return {role for role, ranked in candidates.items() if ranked[0][0] == _HAND}


def _make_header(found: _Found, by_hand: Titles, remembered: Titles, *, signed: bool) -> Header:
    row, titles = found.row, found.titles
    roles = {role: min(ranked)[1] for role, ranked in found.candidates.items()}
    named = _list_roles_by_hand(found.candidates)
    absent = {role: show_value(name) for role, name in by_hand.items() if role not in named}
    findings = [
        Finding("column-not-found", row, None, {"title": name, "column": role.value}) for role, name in absent.items()
    ]
    for role in remembered:
        if role in named and role not in by_hand:
            params = {"title": show_value(titles[roles[role]]), "column": role.value}
            findings.append(Finding("columns-remembered", row, format_cell_address(roles[role], row), params))
    missing = _find_lacking_roles(roles, signed=signed)
    findings += _report_columns_twice(found)
    findings += _report_near_misses(row, titles, roles, missing)
    findings += _report_missing_columns(row, titles, roles, missing)
    taken = set(roles.values())
    currency = next((at for at, title in enumerate(titles) if at not in taken and is_currency_title(title)), None)
    return Header(row, titles, roles, missing, tuple(findings), currency)


def _find_lacking_roles(roles: Roles, *, signed: bool) -> tuple[ColumnRole, ...]:
    sides = [role for role in PAIR if role in roles]
    by_pair = len(sides) == len(PAIR) or (sides and not any(role in roles for role in WORDED))
    wanted = PAIR if by_pair else (ColumnRole.AMOUNT,) if signed else WORDED
    return tuple(role for role in (ColumnRole.TOKEN, *wanted) if role not in roles)


def _parse_letters(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _report_columns_twice(found: _Found) -> Iterator[Finding]:
    """Name the first two columns that could have a role; any others of that kind are to be renamed as well."""
    for role, ranked in found.candidates.items():
        first, *others = sorted(column for rank, column in ranked if rank == min(ranked)[0])
        if others:
            at, other = format_cell_address(first, found.row), format_cell_address(others[0], found.row)
            params = {"column": role.value, "first": show_value(found.titles[first]), "first_cell": at}
            params |= {"second": show_value(found.titles[others[0]]), "second_cell": other}
            yield Finding("column-twice", found.row, other, params)


def _report_missing_columns(
    row: int, titles: Sequence[str], roles: Roles, missing: Sequence[ColumnRole]
) -> Iterator[Finding]:
    """Say it at the header's first known column, because what is missing has no address.

    Titles that the column may have are named, those most like its own first. No amount in another unit is one: who
    named it with `--column` would pay its numbers in euros.
    """
    taken = set(roles.values())
    unused = [title for at, title in enumerate(titles[:_COMPARED_COLUMNS]) if title and at not in taken]
    for role in missing:
        first, second = COLUMN_TITLES[role][0][:2]
        params = {"header": str(row), "column": role.value, "role": role.value, "first": first, "second": second}
        likeness = {title: measure_likeness(title, role) for title in unused}
        foreign = [title for title in unused if role in AMOUNTS and has_foreign_unit(title)]
        near = sorted((title for title in unused if title not in foreign), key=lambda title: -likeness[title])
        if same := [title for title in foreign if likeness[title] == 1]:
            params |= {"as": "unit", "near": _encode_titles(same)}
        elif near:
            params |= {"as": "near", "near": _encode_titles(near)}
        yield Finding("column-missing", row, format_cell_address(min(roles.values()), row), params)


def _list_words(cells: Sequence[Cell]) -> list[str]:
    filled = [cell for cell in cells if not is_blank(cell)]
    return [] if any(not isinstance(cell, str) or _is_amount(cell) for cell in filled) else list(map(str, filled))


def _encode_titles(titles: Sequence[str]) -> str:
    return json.dumps([show_value(title, _NAMED_CHARACTERS) for title in titles[:_NAMED_TITLES]], ensure_ascii=False)


def _report_near_misses(
    row: int, titles: Sequence[str], roles: Roles, missing: Sequence[ColumnRole]
) -> Iterator[Finding]:
    others = [(column, title) for column, title in enumerate(titles) if title and column not in roles.values()]
    for column, title in others[:_COMPARED_COLUMNS] if missing else ():
        if close := find_close_title(title, missing):
            params = {"title": show_value(title), "suggestion": close}
            yield Finding("column-unknown", row, format_cell_address(column, row), params)
