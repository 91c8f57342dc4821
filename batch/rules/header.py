"""Finding the header row and what each column holds, so that titles and logos above the table do no harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batch.findings import Finding, shown
from batch.model import Cell, Role
from batch.rules.amounts import cell_shown
from batch.rules.vocabulary import COLUMN_TITLES, close_title, column_role

SEARCHED_ROWS = 30
"""The header is one of the first rows."""
ENOUGH_ROLES = 2
"""A row that names so many of the three columns is a table's header, and worth reading the rows below it."""
_NAMED_COLUMNS = 3
_COMPARED_COLUMNS = 100
"""Comparing with every known title takes time; a table whose columns are missing is not this wide."""

_Candidates = dict[Role, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Header:
    """The header row (`row` as Excel counts), every column's title, and the column index of each role found."""

    row: int
    titles: tuple[str, ...]
    roles: Mapping[Role, int]
    findings: tuple[Finding, ...]


def find_header(rows: Sequence[Sequence[Cell]]) -> Header | None:
    """The row among the first that names the most columns we know; the first of them if several do; None if none."""
    best: tuple[int, _Candidates] | None = None
    for index, cells in enumerate(rows[:SEARCHED_ROWS]):
        candidates = _candidates(cells)
        if candidates and (best is None or len(candidates) > len(best[1])):
            best = index, candidates
    return _header(best[0] + 1, rows[best[0]], best[1]) if best else None


def cell_address(column: int, row: int) -> str:
    """The address that Excel shows for a column index (from 0) and a row number, such as "B5"."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row}"


def _candidates(cells: Sequence[Cell]) -> _Candidates:
    """For each role the columns that name it, each with how sure its title is."""
    candidates: _Candidates = {}
    for column, title in enumerate(cells):
        found = column_role(title) if isinstance(title, str) and title else None
        if found:
            candidates.setdefault(found[0], []).append((found[1], column))
    return candidates


def _header(row: int, cells: Sequence[Cell], candidates: _Candidates) -> Header:
    titles = tuple(
        "" if cell is None else cell.strip() if isinstance(cell, str) else cell_shown(cell) for cell in cells
    )
    roles = {role: min(ranked)[1] for role, ranked in candidates.items()}
    twice = [_column_twice(row, titles, role, ranked) for role, ranked in candidates.items() if _is_tied(ranked)]
    missing = [role for role in Role if role not in roles]
    return Header(row, titles, roles, (*twice, *_unknown(row, titles, roles, missing), *_missing(row, roles, missing)))


def _is_tied(ranked: list[tuple[int, int]]) -> bool:
    return sum(rank == min(ranked)[0] for rank, _ in ranked) > 1


def _column_twice(row: int, titles: tuple[str, ...], role: Role, ranked: list[tuple[int, int]]) -> Finding:
    columns = sorted(column for rank, column in ranked if rank == min(ranked)[0])
    named = [f"“{shown(titles[column])}” ({cell_address(column, row)})" for column in columns[:_NAMED_COLUMNS]]
    if len(columns) > _NAMED_COLUMNS:
        named.append(f"{len(columns) - _NAMED_COLUMNS} more")
    listed = f"{', '.join(named[:-1])} and {named[-1]}"
    return Finding("column-twice", row, cell_address(columns[1], row), {"titles": listed, "column": role.value})


def _missing(row: int, roles: Mapping[Role, int], missing: list[Role]) -> list[Finding]:
    """At the header's first known column, because what is missing has no address."""
    return [
        Finding(
            "column-missing",
            row,
            cell_address(min(roles.values()), row),
            {
                "header": str(row),
                "column": role.value,
                "examples": " or ".join(f"“{title}”" for title in COLUMN_TITLES[role][0][:2]),
            },
        )
        for role in missing
    ]


def _unknown(row: int, titles: tuple[str, ...], roles: Mapping[Role, int], missing: list[Role]) -> list[Finding]:
    """Near misses are only worth saying while a column is missing; any other column is the accountant's own."""
    others = [(column, title) for column, title in enumerate(titles) if title and column not in roles.values()]
    found = []
    for column, title in others[:_COMPARED_COLUMNS] if missing else ():
        close = close_title(title, frozenset(missing))
        if close:
            params = {"title": shown(title), "suggestion": f"“{close}”"}
            found.append(Finding("column-unknown", row, cell_address(column, row), params))
    return found
