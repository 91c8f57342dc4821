"""Finding the header row and what each column holds, so that titles and logos above the table do no harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batch.findings import Finding
from batch.model import Cell, Role
from batch.rules.vocabulary import COLUMN_TITLES, close_title, column_role

SEARCHED_ROWS = 30
"""The header is one of the first rows."""
ENOUGH_ROLES = 2
"""A row that names so many of the three columns is a table's header, and worth reading the rows below it."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header row (`row` as Excel counts), every column's title, and the column index of each role found."""

    row: int
    titles: tuple[str, ...]
    roles: Mapping[Role, int]
    findings: tuple[Finding, ...]


def find_header(rows: Sequence[Sequence[Cell]]) -> Header | None:
    """The row among the first that names the most columns we know; the first of them if several do; None if none."""
    best: Header | None = None
    for index, cells in enumerate(rows[:SEARCHED_ROWS]):
        header = _read_header(index + 1, cells)
        if header.roles and (best is None or len(header.roles) > len(best.roles)):
            best = header
    return best


def cell_address(column: int, row: int) -> str:
    """The address that Excel shows for a column index (from 0) and a row number, such as "B5"."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row}"


def _read_header(row: int, cells: Sequence[Cell]) -> Header:
    titles = tuple(cell.strip() if isinstance(cell, str) else "" for cell in cells)
    candidates: dict[Role, list[tuple[int, int]]] = {}
    for column, title in enumerate(titles):
        found = column_role(title) if title else None
        if found:
            candidates.setdefault(found[0], []).append((found[1], column))
    roles = {role: min(ranked)[1] for role, ranked in candidates.items()}
    twice = [_column_twice(row, titles, role, ranked) for role, ranked in candidates.items() if _is_tied(ranked)]
    missing = [role for role in Role if role not in roles]
    return Header(row, titles, roles, (*twice, *_unknown(row, titles, roles, missing), *_missing(row, missing)))


def _is_tied(ranked: list[tuple[int, int]]) -> bool:
    return len(ranked) > 1 and sorted(ranked)[0][0] == sorted(ranked)[1][0]


def _column_twice(row: int, titles: tuple[str, ...], role: Role, ranked: list[tuple[int, int]]) -> Finding:
    columns = sorted(column for rank, column in ranked if rank == min(ranked)[0])
    named = " and ".join(f"“{titles[column]}” ({cell_address(column, row)})" for column in columns)
    return Finding("column-twice", row, cell_address(columns[1], row), {"titles": named, "column": role.value})


def _missing(row: int, missing: list[Role]) -> list[Finding]:
    return [
        Finding(
            "column-missing",
            row,
            None,
            {"header": str(row), "column": role.value, "examples": ", ".join(COLUMN_TITLES[role][:2])},
        )
        for role in missing
    ]


def _unknown(row: int, titles: tuple[str, ...], roles: Mapping[Role, int], missing: list[Role]) -> list[Finding]:
    """Near misses are only worth saying while a column is missing; any other column is the accountant's own."""
    found = []
    for column, title in enumerate(titles):
        if title and missing and column not in roles.values():
            suggestion = close_title(title[:100], frozenset(missing))
            if suggestion:
                params = {"title": title, "suggestion": f"“{suggestion}”"}
                found.append(Finding("column-unknown", row, cell_address(column, row), params))
    return found
