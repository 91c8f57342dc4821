"""Which way of writing movements a sheet uses, where its header allows for two; a sheet that uses both is an error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from batch.findings import Finding
from batch.model import Cell, Role
from batch.rules.amounts import read_amount
from batch.rules.cells import cell_shown, is_blank, visible
from batch.rules.header import PAIR, WORDED, Header, cell_address
from batch.rules.vocabulary import direction_of


@dataclass(frozen=True, slots=True)
class Usage:
    """The columns that are read, whether amounts carry the direction, and what is to be said of the header."""

    roles: Mapping[Role, int]
    findings: Sequence[Finding]
    signed: bool = False


@dataclass(frozen=True, slots=True)
class _Example:
    """A cell that shows a way of writing."""

    cell: str
    value: str


def usage_of(rows: Sequence[Sequence[Cell]], header: Header, *, signed: bool) -> Usage:
    """The way that the rows use, by the first cell that shows it."""
    roles = header.roles
    body = _Body(rows, header)
    if all(role in roles for role in PAIR):
        if not any(role in roles for role in WORDED):
            return Usage(roles, header.findings)
        return _pair_or_words(body, header, signed=signed)
    if Role.AMOUNT not in roles:
        return Usage(roles, header.findings, signed)
    if signed:
        return _signed(body, header)
    findings = header.findings if Role.DIRECTION in roles else _without_direction(body, header)
    return Usage(roles, findings)


def words_and_signs(rows: Sequence[Sequence[Cell]], header: Header) -> Sequence[Finding]:
    """A sheet that says the direction by a word in some rows, and only by a sign in others."""
    body = _Body(rows, header)
    sign = body.first((Role.AMOUNT,), _has_sign, where_blank=Role.DIRECTION)
    word = body.first((Role.DIRECTION,), _is_direction)
    return _mixed(word, sign, "signed") if word and sign else ()


class _Body:
    """The rows below the header, to look for an example in."""

    def __init__(self, rows: Sequence[Sequence[Cell]], header: Header) -> None:
        self._rows = rows
        self._header = header

    def first(
        self, roles: Collection[Role], shows: Callable[[Cell], bool], *, where_blank: Role | None = None
    ) -> _Example | None:
        """The first cell in a column of these roles that shows what is looked for."""
        columns = [self._header.roles[role] for role in roles if role in self._header.roles]
        blank = self._header.roles[where_blank] if where_blank else None
        if not columns:
            return None
        for number, cells in enumerate(islice(self._rows, self._header.row, None), start=self._header.row + 1):
            if blank is not None and blank < len(cells) and cells[blank] is not None and not is_blank(cells[blank]):
                continue
            for column in columns:
                if column < len(cells) and cells[column] is not None and shows(cells[column]):
                    return _Example(cell_address(column, number), cell_shown(cells[column]))
        return None


def _pair_or_words(body: _Body, header: Header, *, signed: bool) -> Usage:
    worded = body.first(WORDED, lambda cell: not is_blank(cell))
    paired = body.first(PAIR, _is_filled)
    if worded and paired:
        return Usage(header.roles, (*header.findings, *_mixed(worded, paired)))
    unused = PAIR if worded else WORDED
    roles = {role: column for role, column in header.roles.items() if role not in unused}
    return Usage(roles, header.findings, signed and bool(worded))


def _signed(body: _Body, header: Header) -> Usage:
    """With signed amounts a column of words is not one of directions, unless it says so."""
    word = body.first((Role.DIRECTION,), _is_direction)
    sign = word and (body.first((Role.AMOUNT,), _has_sign) or body.first((Role.AMOUNT,), _is_filled))
    roles: dict[Role, int] = {role: column for role, column in header.roles.items() if role != Role.DIRECTION}
    mixed = _mixed(word, sign, "signed") if word and sign else ()
    return Usage(roles, (*header.findings, *mixed), signed=True)


def _without_direction(body: _Body, header: Header) -> Sequence[Finding]:
    """Where amounts have signs, these are most often the direction that is missing."""
    sign = body.first((Role.AMOUNT,), _has_sign)
    if sign is None:
        return header.findings
    others = [finding for finding in header.findings if finding.params.get("column") != Role.DIRECTION.value]
    return (*others, Finding("signed-amounts", None, sign.cell, {"at": sign.cell, "value": sign.value}))


def _mixed(first: _Example, second: _Example, kind: str | None = None) -> tuple[Finding]:
    params = {
        "first": first.value,
        "first_cell": first.cell,
        "second": second.value,
        "second_cell": second.cell,
    }
    return (Finding("conventions-mixed", None, second.cell, {**params, "as": kind} if kind else params),)


def _is_direction(cell: Cell) -> bool:
    return isinstance(cell, str) and direction_of(visible(cell)) is not None


def _has_sign(cell: Cell) -> bool:
    return not is_blank(cell) and bool(read_amount(cell).sign)


def _is_filled(cell: Cell) -> bool:
    return read_amount(cell).broken not in {"amount-missing", "amount-zero"}
