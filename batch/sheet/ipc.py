"""What parent and child say to each other: JSON lines, so that numbers arrive as written and never as floats.

A request is one line and the file's bytes. Every line of an answer is a `Message`; an error may come at any moment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO, Any

from batch.errors import SheetError
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
        head = asdict(self)
        data = head["original"].pop("data")
        stream.write(json.dumps(head).encode() + b"\n")
        stream.write(data)

    @classmethod
    def read(cls, stream: IO[bytes]) -> Request:
        head = json.loads(stream.readline())
        return cls(
            Original(**head["original"], data=stream.read()),
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


Message = tuple[str, ...] | Begin | list[Row] | int | SheetError
"""The names of the visible sheets, of which one is looked for now; that one, its rows, and how many; or an error."""


def encode(message: tuple[str, ...] | Begin | list[list[object]] | int | SheetError) -> bytes:
    """Encode one line of the answer. Half a surrogate pair, which no UTF-8 can hold, becomes a question mark."""
    match message:
        case tuple():
            content: object = {"sheets": message}
        case Begin(sheet=sheet, appearance=seen, findings=findings):
            content = {"sheet": sheet, "seen": _encode_appearance(seen), "findings": [astuple(one) for one in findings]}
        case int():
            content = {"end": message}
        case SheetError():
            content = {"error": str(message), "sheets": message.sheets}
        case _:
            content = message
    line = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=_encode_cell)
    return line.encode("utf-8", "replace") + b"\n"


def decode(line: bytes) -> Message:
    """Decode what a line says; `ValueError` if it is cut off or says nothing known."""
    if line.startswith(b"["):
        rows = json.loads(
            line, parse_float=_parse_number, parse_int=Decimal, parse_constant=str, object_hook=_decode_cell
        )
        return list(map(tuple, rows))
    match json.loads(line):
        case {"sheet": str(sheet), "seen": dict(seen), "findings": list(findings)}:
            return Begin(sheet, _decode_appearance(seen), tuple(Finding(*entry) for entry in findings))
        case {"error": str(sentence), "sheets": list(sheets)}:
            return SheetError(sentence, tuple(map(str, sheets)))
        case {"sheets": list(names)}:
            return tuple(map(str, names))
        case {"end": int(rows)}:
            return rows
    raise ValueError("the child said something unknown")


def _encode_appearance(seen: CellFormatting) -> dict[str, object]:
    return {
        "shown": [(*place, text) for place, text in seen.shown.items()],
        "hidden_rows": sorted(seen.hidden_rows),
        "hidden_columns": sorted(seen.hidden_columns),
        "struck": sorted(seen.struck),
        "merged": seen.merged,
        "untold": seen.untold,
    }


def _decode_appearance(seen: Mapping[str, list[Any]]) -> CellFormatting:
    return CellFormatting(
        shown={(row, column): text for row, column, text in seen["shown"]},
        hidden_rows=frozenset(seen["hidden_rows"]),
        hidden_columns=frozenset(seen["hidden_columns"]),
        struck=frozenset(map(tuple, seen["struck"])),
        merged=tuple(map(tuple, seen["merged"])),
        untold=tuple(map(tuple, seen["untold"])),
    )


def _parse_number(text: str) -> Decimal:
    # A whole one that ends in .0 was written without decimals.
    return Decimal(text[:-2] if text.endswith(".0") else text)


def _encode_cell(cell: object) -> object:
    """Encode a cell that JSON has no word for. A time or a duration without a date is a text, as Excel shows it."""
    match cell:
        case date():
            return {"d": cell.isoformat()}
        case time():
            return cell.isoformat()
        case timedelta():
            minutes, seconds = divmod(int(abs(cell.total_seconds())), 60)
            sign = "-" if cell < timedelta() else ""
            return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
        case Decimal():
            return {"n": str(cell)}
    return str(cell)


def _decode_cell(content: dict[str, object]) -> Cell:
    match content:
        case {"d": str(iso)}:
            return datetime.fromisoformat(iso)
        case {"n": str(digits)}:
            # What is no number ("NaN") stays the text that it is.
            return number if (number := Decimal(digits)).is_finite() else digits
    raise ValueError("the child said something unknown")
