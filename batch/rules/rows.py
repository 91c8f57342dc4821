"""Reading the rows of a table. Most cells of a long sheet say what an earlier one said, and are read only once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice, repeat
from operator import itemgetter
from typing import TypeVar

from batch.findings import Finding
from batch.model import Cell, Direction, Role, SheetRow
from batch.rules.amounts import AmountReading, read_amount
from batch.rules.appearance import Looks
from batch.rules.cells import NOTHING, has_content, is_blank, oddity, quoted, visible
from batch.rules.header import PAIR, WORDED, column_letters
from batch.rules.tokens import KnownTokens, TokenReading, against_account, read_token
from batch.rules.vocabulary import direction_of, total_label

Problem = tuple[Role, str, Mapping[str, str]]
"""A rule that the cell of a role breaks, with its parameters."""
_Movement = tuple[Direction | None, Decimal | None, Sequence[Problem]]
_PlainMovement = tuple[Direction, Decimal, int]
"""A movement of which there is nothing to say, and a number that equal ones have in common."""
_NO_MOVEMENT: _Movement = (None, None, ())
_ROWS_AT_ONCE = 1_000
"""Few enough for them to be at hand still when they are looked at once more."""
_Said = TypeVar("_Said")
_Read = TypeVar("_Read")
_DASHES = frozenset("-–—−")
_TEXT_OR_BLANK = {str, type(None)}
_UNLIKE = "#N/A"
"""Stands in a column for a cell that cannot be told by comparing, and is an error wherever it stands."""


@dataclass(frozen=True, slots=True)
class Table:
    """Where the table's columns are: its width, every column's title, and the columns that hold a role."""

    width: int
    titles: tuple[str, ...]
    roles: Mapping[Role, int]
    signed: bool
    is_text_file: bool


class RowReader:
    """Reads rows, and remembers what there is to know of all of them together."""

    def __init__(self, table: Table, known: KnownTokens | None, looks: Looks) -> None:
        self.labels: set[str] = set()
        """Texts in the token column that say that their row is a total."""
        self.has_nameless = False
        """Whether there is a row without a token: it may be a total as well."""
        self.has_wordless_sign = False
        """Whether a row has a sign before its amount and no word for the direction."""
        self._table = table
        self._width = table.width
        self._looks = looks
        self._known = known
        self._letters = {role: column_letters(column) for role, column in table.roles.items()}
        self._token_at = table.roles.get(Role.TOKEN, 0)
        self._token = self._token_or_nothing()
        self._directions = _Directions()
        self._movement, self._movement_at = self._way()
        self._plain_tokens = _Remembered(self._plain_token)
        self._plain_movements = _Remembered(self._plain_movement)
        self._plain_amounts = _Remembered(self._plain_amounts_beside)
        self._said_of: dict[str | None, list[int]] = defaultdict(list)
        """What the rows say of each token, as numbers that rows which say the same have in common."""
        # In a text file, cells beyond the last title are most often the decimals of an amount cut at its comma.
        titled = max((column + 1 for column, title in enumerate(table.titles) if title), default=0)
        self._beyond = range(titled, table.width) if table.is_text_file else range(0)

    @property
    def has_alike(self) -> bool:
        """Whether two rows may say the same."""
        return any(len(set(said)) < len(said) for said in self._said_of.values())

    def read_all(self, first: int, rows: Iterable[Sequence[Cell]]) -> list[SheetRow]:
        """The rows that have something in them, of which the first has that number.

        Each of the different texts and numbers of a column is read once. Where there is nothing to say of them, as in
        most rows, the row is put together from that; any other row is read by itself.
        """
        read: list[SheetRow] = []
        number, following = first, iter(rows)
        while piece := self._fitted(islice(following, _ROWS_AT_ONCE)):
            read += self._piece(range(number, number + len(piece)), piece)
            number += len(piece)
        return read

    def _piece(self, numbers: range, piece: Sequence[tuple[Cell, ...]]) -> Iterable[SheetRow]:
        """Some rows. Where none is odd they are put together by columns, in a third of the time."""
        tokens = list(map(self._plain_tokens.__getitem__, self._column(piece, self._token_at)))
        movements = self._plain_movements_in(piece)
        may_be_odd = bool(self._beyond) or not self._looks.odd_rows.isdisjoint(numbers)
        if may_be_odd or not (all(tokens) and all(movements)):
            return self._one_by_one(numbers, piece, tokens, movements)
        directions, amounts, ways = zip(*movements, strict=True)
        said_of = self._said_of
        for token, way in zip(tokens, ways, strict=True):
            said_of[token].append(way)
        return map(SheetRow, numbers, piece, tokens, directions, amounts)

    def _plain_movements_in(self, piece: Sequence[tuple[Cell, ...]]) -> list[_PlainMovement | None]:
        """The movement of each row; None where something is to be said of it.

        Where all of them have the same word for the direction, or the same side of a pair empty, as most often some
        hundred rows in a row have, only the amounts are looked up.
        """
        columns = [list(self._column(piece, at)) for at in self._movement_at]
        if len(columns) == 2 and len(set(columns[1])) == 1:
            amounts, (word, *_) = columns
            return list(map(self._plain_amounts[word].__getitem__, amounts))
        said = zip(*columns, strict=True) if columns else repeat((), len(piece))
        return list(map(self._plain_movements.__getitem__, said))

    def _one_by_one(
        self,
        numbers: range,
        piece: Sequence[tuple[Cell, ...]],
        tokens: Sequence[str | None],
        movements: Sequence[_PlainMovement | None],
    ) -> Iterator[SheetRow]:
        odd_rows, may_be_overlong = self._looks.odd_rows, bool(self._beyond)
        for number, cells, token, movement in zip(numbers, piece, tokens, movements, strict=True):
            if token is None or movement is None or may_be_overlong or number in odd_rows:
                row = self.read(number, cells)
                if row is not None:
                    yield row
            else:
                direction, amount, way = movement
                self._said_of[token].append(way)
                yield SheetRow(number, cells, token, direction, amount)

    def _column(self, piece: Sequence[tuple[Cell, ...]], at: int) -> Iterable[Cell]:
        """The cells of a column, each of which means what any equal one means. In a text file all are texts."""
        cells = map(itemgetter(at), piece)
        return cells if self._table.is_text_file else _comparable(list(cells))

    def read(
        self, number: int, cells: Sequence[Cell], seen: Sequence[Cell] | None = None, said: Sequence[Problem] = ()
    ) -> SheetRow | None:
        """The row of that number; None if there is nothing in it.

        `seen` are its cells as they are shown, where that means something else, and `said` is what is to be said of it.
        """
        (cells,) = self._fitted([cells])
        if seen is None:
            if number in self._looks.odd_rows:
                return self._read_odd(number, cells)
            seen = cells
        token, broken = self._token(seen[self._token_at])
        if token is None:
            if not has_content(cells) or self._only_computes(cells):
                return None
            self.has_nameless = True
        direction, amount, wrong = self._movement(*[seen[at] for at in self._movement_at])
        findings = self._findings(number, broken, wrong, said) if broken or wrong or said else ()
        if token is not None and direction is not None and amount is not None:
            self._said_of[token].append(hash((direction, amount)))
        row = SheetRow(number, cells, token, direction, amount, findings)
        return self._with_overlong(row) if self._beyond else row

    def _fitted(self, rows: Iterable[Sequence[Cell]]) -> list[tuple[Cell, ...]]:
        """The rows as wide as the table."""
        width = self._width
        return [
            tuple(cells) if len(cells) == width else (*cells[:width], *[None] * (width - len(cells))) for cells in rows
        ]

    def _only_computes(self, cells: Sequence[Cell]) -> bool:
        """Whether the row says nothing of a movement, and beside it are only formulas that were never calculated.

        So does an empty row of a form that another program than a spreadsheet's has filled in.
        """
        at = {self._token_at, *self._movement_at}
        if self._table.is_text_file or not all(is_blank(cells[index]) for index in at):
            return False
        return all(oddity(cell) == "formula" and not str(cell).startswith("==") for cell in cells if not is_blank(cell))

    def _plain_token(self, cell: Cell) -> str | None:
        """The token in a cell; None where something is to be said of it."""
        token, broken = self._token(cell)
        return None if broken else token

    def _plain_amounts_beside(self, word: Cell) -> _Remembered[Cell, _PlainMovement | None]:
        """The movements that cells say to whose right this one stands."""
        return _Remembered(lambda amount: self._plain_movement((amount, word)))

    def _plain_movement(self, cells: tuple[Cell, ...]) -> _PlainMovement | None:
        """The movement that these cells say, and its mark; None where something is to be said of them."""
        direction, amount, wrong = self._movement(*cells)
        if wrong or direction is None or amount is None:
            return None
        return direction, amount, hash((direction, amount))

    def _read_odd(self, number: int, cells: Sequence[Cell]) -> SheetRow | None:
        """A row in which a cell is struck through, or shown as something else than what is stored."""
        seen = list(cells)
        shown = self._looks.token_shown(number, cells)
        if shown is not None:
            seen[self._token_at] = shown
        return self.read(number, cells, seen, list(self._looks.problems(number, cells)))

    def _token_or_nothing(self) -> Callable[[Cell], TokenReading]:
        if Role.TOKEN in self._table.roles:
            return _Tokens(self._known, self.labels).read
        return lambda _cell: TokenReading(None)

    def _findings(
        self,
        number: int,
        broken: Iterable[tuple[str, Mapping[str, str]]],
        wrong: Iterable[Problem],
        said: Sequence[Problem],
    ) -> tuple[Finding, ...]:
        """What the eye sees of a cell is said instead of what would be said of its value."""
        covered = {role for role, code, _ in said if code != "token-as-shown"}
        read = [*((Role.TOKEN, code, params) for code, params in broken), *wrong]
        problems = [*said, *(problem for problem in read if problem[0] not in covered)]
        return tuple(Finding(code, number, self._address(role, number), params) for role, code, params in problems)

    def _address(self, role: Role, number: int) -> str:
        return f"{self._letters[role]}{number}"

    def _with_overlong(self, row: SheetRow) -> SheetRow:
        beyond = next((column for column in self._beyond if row.cells[column] is not None), None)
        if beyond is None:
            return row
        finding = Finding("row-too-long", row.number, f"{column_letters(beyond)}{row.number}")
        return replace(row, findings=(*row.findings, finding))

    # The ways in which a sheet says which way how much moves.

    def _way(self) -> tuple[Callable[..., _Movement], tuple[int, ...]]:
        """How a movement is read, and the columns that it is read from."""
        roles = self._table.roles
        if all(role in roles for role in PAIR):
            if any(role in roles for role in WORDED):
                # The sheet mixes both, which is said of it as a whole.
                return lambda: _NO_MOVEMENT, ()
            at = (roles[Role.ADDED], roles[Role.REMOVED])
            self._pair_named = dict(
                zip(("added", "removed"), [self._table.titles[column] for column in at], strict=True)
            )
            return self._pair, at
        if Role.AMOUNT in roles and Role.DIRECTION in roles:
            return self._worded, (roles[Role.AMOUNT], roles[Role.DIRECTION])
        if Role.AMOUNT in roles:
            return _signed if self._table.signed else _amount_alone, (roles[Role.AMOUNT],)
        return (_direction_alone, (roles[Role.DIRECTION],)) if Role.DIRECTION in roles else (lambda: _NO_MOVEMENT, ())

    def _worded(self, cell: Cell, word: Cell) -> _Movement:
        """An amount, and a word for the direction."""
        direction, problem = self._directions[word] if word.__class__ is str else _read_direction(word)
        reading = read_amount(cell)
        problems = [] if problem is None else [problem]
        if reading.broken:
            problems.append((Role.AMOUNT, reading.broken, reading.params))
        elif reading.sign:
            problems += _contradictions(reading.sign, cell, direction)
            self.has_wordless_sign |= problem is not None and problem[1] == "direction-missing"
        return direction, reading.amount, problems

    def _pair(self, to_add: Cell, to_remove: Cell) -> _Movement:
        """Two columns of amounts, of which one is filled in."""
        added, removed = _side(to_add), _side(to_remove)
        if removed is None and added is not None and not added.broken and added.sign != "-":
            return Direction.ADD, added.amount, ()
        if added is None and removed is not None and not removed.broken and removed.sign != "-":
            return Direction.REMOVE, removed.amount, ()
        if added is None and removed is None:
            return None, None, ((Role.ADDED, "pair-empty", self._pair_named),)
        problems: list[Problem] = []
        for role, cell, side in ((Role.ADDED, to_add, added), (Role.REMOVED, to_remove, removed)):
            if side is not None and side.broken:
                problems.append((role, side.broken, side.params))
            elif side is not None and side.sign == "-":
                problems.append((role, "pair-negative", {**quoted(cell), **self._pair_named}))
        return None, None, problems or ((Role.REMOVED, "pair-both", self._pair_named),)


def with_duplicates(rows: Sequence[SheetRow], roles: Mapping[Role, int]) -> list[SheetRow]:
    """The rows, of which those that say the same as an earlier one say so."""
    letters = column_letters(roles[Role.TOKEN])
    earlier: dict[tuple[str, Direction, Decimal], int] = {}
    found = []
    for row in rows:
        if row.token is not None and row.direction is not None and row.amount is not None:
            first = earlier.setdefault((row.token, row.direction, row.amount), row.number)
            if first != row.number:
                finding = Finding("row-duplicate", row.number, f"{letters}{row.number}", {"first": str(first)})
                row = replace(row, findings=(*row.findings, finding))
        found.append(row)
    return found


def _comparable(cells: list[Cell]) -> list[Cell]:
    """The cells of a column, each of which means what any equal one means: not so True, which is equal to 1."""
    if set(map(type, cells)) <= _TEXT_OR_BLANK:
        return cells
    return [
        cell if cell is None or cell.__class__ is str or (cell.__class__ is Decimal and cell.is_finite()) else _UNLIKE
        for cell in cells
    ]


class _Remembered(dict[_Said, _Read]):
    """What was read of each thing, which is read when it is asked for first."""

    def __init__(self, read: Callable[[_Said], _Read]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, said: _Said) -> _Read:
        read = self[said] = self._read(said)
        return read


class _Tokens(dict[str, TokenReading]):
    """What the texts of the token column are read as, each looked up on the account only once."""

    def __init__(self, known: KnownTokens | None, labels: set[str]) -> None:
        super().__init__()
        self._known = known
        self._labels = labels

    def read(self, cell: Cell) -> TokenReading:
        """The token in a cell, and what the account says of it."""
        return self[cell] if cell.__class__ is str else self._read(cell)

    def __missing__(self, text: str) -> TokenReading:
        if self._known is not None and text in self._known:
            # The account itself knows it so: there is nothing more to ask.
            reading = TokenReading(text)
        else:
            reading = self._read(text)
            if total_label(text, strict=True):
                self._labels.add(visible(text))
        self[text] = reading
        return reading

    def _read(self, cell: Cell) -> TokenReading:
        reading = read_token(cell)
        if reading.token is None or self._known is None:
            return reading
        broken = against_account(reading.token, self._known)
        return TokenReading(reading.token, (*reading.broken, broken)) if broken else reading


class _Directions(dict[str, tuple[Direction | None, Problem | None]]):
    """What the texts of the direction column are read as."""

    def __missing__(self, text: str) -> tuple[Direction | None, Problem | None]:
        reading = self[text] = _read_direction(text)
        return reading


def _read_direction(cell: Cell) -> tuple[Direction | None, Problem | None]:
    if is_blank(cell):
        return None, (Role.DIRECTION, "direction-missing", NOTHING)
    kind = oddity(cell)
    if kind:
        return None, (Role.DIRECTION, f"direction-{kind}", quoted(cell))
    direction = direction_of(visible(cell)) if isinstance(cell, str) else None
    return direction, None if direction else (Role.DIRECTION, "direction-unknown", quoted(cell))


def _signed(cell: Cell) -> _Movement:
    """One amount whose sign is the direction."""
    reading = read_amount(cell)
    if reading.broken:
        return None, None, ((Role.AMOUNT, reading.broken, reading.params),)
    return Direction.REMOVE if reading.sign == "-" else Direction.ADD, reading.amount, ()


def _amount_alone(cell: Cell) -> _Movement:
    reading = read_amount(cell)
    problems = ((Role.AMOUNT, reading.broken, reading.params),) if reading.broken else ()
    return None, reading.amount, problems


def _direction_alone(cell: Cell) -> _Movement:
    direction, problem = _read_direction(cell)
    return direction, None, () if problem is None else (problem,)


def _contradictions(sign: str, cell: Cell, direction: Direction | None) -> list[Problem]:
    if direction is (Direction.REMOVE if sign == "+" else Direction.ADD):
        params = {**quoted(cell), "sign": sign, "direction": direction.value}
        return [(Role.AMOUNT, "sign-contradicts", params)]
    return [(Role.AMOUNT, "amount-negative", quoted(cell))] if sign == "-" else []


def _side(cell: Cell) -> AmountReading | None:
    """One side of a pair; None where it is left empty, which a zero and an accountant's dash are as well."""
    if cell is None or cell == "":
        return None
    reading = read_amount(cell)
    if reading.broken in {"amount-missing", "amount-zero"}:
        return None
    is_dash = reading.broken and isinstance(cell, str) and visible(cell).strip("€ ") in _DASHES
    return None if is_dash else reading
