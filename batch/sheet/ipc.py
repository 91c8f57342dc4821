"""What parent and child say to each other: JSON lines, so that numbers arrive as written and never as floats.

A request is one line and the file's bytes. An answer is a line with the sheet and what was seen of it, lines with
rows, and a last line; or, at any moment, a line with an error's sentence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from typing import IO

from batch.findings import Finding
from batch.i18n import Language
from batch.model import Cell, CellFormatting, ColumnRole
from batch.sheet.source_file import Limits, Original

Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """Read this sheet of this file; `columns` were named by hand. What is said of it is said in that language."""

    original: Original
    sheet: str | None = None
    columns: Mapping[ColumnRole, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    language: Language = Language.ENGLISH

    def write(self, stream: IO[bytes]) -> None:
        """Write it to the child."""
        head = {
            "name": self.original.name,
            "suffix": self.original.suffix,
            "sheet": self.sheet,
            "columns": dict(self.columns),
            "limits": asdict(self.limits),
            "language": self.language.value,
        }
        stream.write(json.dumps(head).encode() + b"\n")
        stream.write(self.original.data)

    @classmethod
    def read(cls, stream: IO[bytes]) -> Request:
        """Read it from the parent."""
        head = json.loads(stream.readline())
        return cls(
            Original(head["name"], head["suffix"], stream.read()),
            head["sheet"],
            {ColumnRole(role): title for role, title in head["columns"].items()},
            Limits(**head["limits"]),
            Language(head["language"]),
        )


@dataclass(frozen=True, slots=True)
class Begin:
    """The rows of this sheet follow, and this is what a person sees of it."""

    sheet: str
    appearance: CellFormatting = field(default_factory=CellFormatting)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """All rows were sent, so many."""

    rows: int


@dataclass(frozen=True, slots=True)
class Failure:
    """The file cannot be read, for this reason; `sheets` are those of which one must be chosen."""

    sentence: str
    sheets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VisibleSheets:
    """The visible sheets of the workbook, of which one is looked for now."""

    names: tuple[str, ...]


Message = VisibleSheets | Begin | list[Row] | End | Failure


def encode(message: VisibleSheets | Begin | End | Failure | list[list[object]]) -> bytes:
    """Encode one line of the answer. Half a surrogate pair, which no UTF-8 can hold, becomes a question mark."""
    match message:
        case VisibleSheets(names=names):
            content: object = {"sheets": names}
        case Begin():
            content = _encode_begin(message)
        case End(rows=rows):
            content = {"end": rows}
        case Failure(sentence=sentence, sheets=sheets):
            content = {"error": sentence, "sheets": sheets}
        case rows_:
            content = rows_
    line = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=_encode_cell)
    return line.encode("utf-8", "replace") + b"\n"


def decode(line: bytes) -> Message:
    """Decode what a line says; `ValueError` if it is cut off or says nothing known."""
    content = json.loads(
        line, parse_float=_parse_number, parse_int=Decimal, parse_constant=str, object_hook=_decode_object
    )
    match content:
        case list():
            return list(map(tuple, content))
        case {"sheet": str(sheet), "seen": dict(seen), "findings": list(findings)}:
            return Begin(sheet, _decode_appearance(seen), tuple(_decode_finding(*entry) for entry in findings))
        case {"sheets": list(names), **rest} if not rest:
            return VisibleSheets(tuple(map(str, names)))
        case {"end": rows}:
            return End(int(rows))
        case {"error": str(sentence), "sheets": list(sheets)}:
            return Failure(sentence, tuple(map(str, sheets)))
    raise ValueError("the child said something unknown")


def _encode_begin(begin: Begin) -> dict[str, object]:
    appearance = begin.appearance
    return {
        "sheet": begin.sheet,
        "seen": {
            "shown": [[row, column, text] for (row, column), text in appearance.shown.items()],
            "hidden_rows": list(_join_ranges(appearance.hidden_rows)),
            "hidden_columns": list(_join_ranges(appearance.hidden_columns)),
            "struck": sorted(appearance.struck),
            "merged": appearance.merged,
            "untold": appearance.untold,
        },
        "findings": [[entry.code, entry.row, entry.cell, dict(entry.params)] for entry in begin.findings],
    }


def _decode_appearance(seen: Mapping[str, list[list[str]]]) -> CellFormatting:
    return CellFormatting(
        shown={(int(row), int(column)): text for row, column, text in seen["shown"]},
        hidden_rows=_split_ranges(seen["hidden_rows"]),
        hidden_columns=_split_ranges(seen["hidden_columns"]),
        struck=frozenset((int(row), int(column)) for row, column in seen["struck"]),
        merged=_decode_areas(seen["merged"]),
        untold=_decode_areas(seen["untold"]),
    )


def _decode_areas(areas: list[list[str]]) -> tuple[tuple[int, int, int, int], ...]:
    return tuple((int(top), int(left), int(bottom), int(right)) for top, left, bottom, right in areas)


def _decode_finding(code: str, row: object, cell: str | None, params: Mapping[str, str]) -> Finding:
    return Finding(code, int(row) if isinstance(row, Decimal) else None, cell, params)


def _join_ranges(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Join neighbours: a filter hides long runs of rows."""
    for _key, group in groupby(enumerate(sorted(numbers)), key=lambda entry: entry[1] - entry[0]):
        members = [number for _index, number in group]
        yield members[0], members[-1]


def _split_ranges(ranges: Iterable[Iterable[str]]) -> frozenset[int]:
    return frozenset(number for first, last in ranges for number in range(int(first), int(last) + 1))


def _parse_number(text: str) -> Decimal:
    """Parse a number; a whole one that ends in .0 was written without decimals."""
    return Decimal(text[:-2] if text.endswith(".0") else text)


def _encode_cell(cell: object) -> object:
    """Encode a cell that JSON has no word for. A time or a duration without a date is a text, as Excel shows it."""
    match cell:
        case date():
            return {"d": cell.isoformat()}
        case time():
            return cell.isoformat()
        case timedelta():
            return _format_duration(cell)
        case Decimal():
            return {"n": str(cell)}
    return str(cell)


def _format_duration(duration: timedelta) -> str:
    seconds = int(abs(duration.total_seconds()))
    sign = "-" if duration.total_seconds() < 0 else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _decode_object(content: dict[str, object]) -> Cell | Mapping[str, object]:
    match content:
        case {"d": str(iso)}:
            return datetime.fromisoformat(iso)
        case {"n": str(digits)}:
            # What is no number ("NaN") stays the text that it is.
            return number if (number := Decimal(digits)).is_finite() else digits
    return content
