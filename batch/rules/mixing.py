"""Which way of writing movements a sheet uses, where its header allows for two; a sheet that uses both is an error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from batch.findings import Finding
from batch.model import Cell, Role
from batch.rules.amounts import read_amount
from batch.rules.cells import cell_shown, is_blank, visible
from batch.rules.distinct import Body
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


def usage_of(body: Body, header: Header, *, signed: bool) -> Usage:
    """The way that the rows use, by the first cell that shows it."""
    roles = header.roles
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


def words_and_signs(body: Body, header: Header) -> Sequence[Finding]:
    """A sheet that says the direction by a word in some rows, and only by a sign in others."""
    wordless = Body(body.frame[body.distinct(header.roles[Role.DIRECTION]).mark(is_blank)])
    sign = _first(wordless, header, (Role.AMOUNT,), _has_sign)
    word = _first(body, header, (Role.DIRECTION,), _is_direction)
    return _mixed(word, sign, "signed") if word and sign else ()


def _first(body: Body, header: Header, roles: Collection[Role], shows: Callable[[Cell], bool]) -> _Example | None:
    """The first cell in a column of these roles that shows what is looked for."""
    found = []
    for column in (header.roles[role] for role in roles if role in header.roles):
        cells = body.distinct(column)
        place = next((place for place, cell in enumerate(cells.each) if cell is not None and shows(cell)), None)
        if place is not None:
            row = int(body.frame.index[cells.first(place)])
            found.append((row, column, _Example(cell_address(column, row), cell_shown(cells.each[place]))))
    return min(found, key=lambda entry: entry[:2])[2] if found else None


def _pair_or_words(body: Body, header: Header, *, signed: bool) -> Usage:
    worded = _first(body, header, WORDED, lambda cell: not is_blank(cell))
    paired = _first(body, header, PAIR, _is_filled)
    if worded and paired:
        return Usage(header.roles, (*header.findings, *_mixed(worded, paired)))
    unused = PAIR if worded else WORDED
    roles = {role: column for role, column in header.roles.items() if role not in unused}
    return Usage(roles, header.findings, signed and bool(worded))


def _signed(body: Body, header: Header) -> Usage:
    """With signed amounts a column of words is not one of directions, unless it says so."""
    word = _first(body, header, (Role.DIRECTION,), _is_direction)
    amounts = (_first(body, header, (Role.AMOUNT,), shows) for shows in (_has_sign, _is_filled))
    sign = word and next(filter(None, amounts), None)
    roles: dict[Role, int] = {role: column for role, column in header.roles.items() if role != Role.DIRECTION}
    mixed = _mixed(word, sign, "signed") if word and sign else ()
    return Usage(roles, (*header.findings, *mixed), signed=True)


def _without_direction(body: Body, header: Header) -> Sequence[Finding]:
    """Where amounts have signs, these are most often the direction that is missing."""
    sign = _first(body, header, (Role.AMOUNT,), _has_sign)
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
