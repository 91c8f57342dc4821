"""What parent and child say to each other: JSON lines, so that numbers arrive as they were written and never as floats.

The request is one line, followed by the file's bytes. The answer is a line with the sheet's name, lines with rows, and
a last line; or, at any moment, a line with an error's sentence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import IO

from batch.model import Cell
from batch.sheet.limits import Limits
from batch.sheet.original import Original

Rows = list[list[Cell]]


@dataclass(frozen=True, slots=True)
class Request:
    """Read this sheet of this file."""

    original: Original
    sheet: str | None
    limits: Limits

    def write(self, stream: IO[bytes]) -> None:
        """Say it to the child."""
        head = {
            "name": self.original.name,
            "suffix": self.original.suffix,
            "sheet": self.sheet,
            "limits": asdict(self.limits),
        }
        stream.write(json.dumps(head).encode() + b"\n")
        stream.write(self.original.data)

    @classmethod
    def read(cls, stream: IO[bytes]) -> Request:
        """Hear it from the parent."""
        head = json.loads(stream.readline())
        return cls(Original(head["name"], head["suffix"], stream.read()), head["sheet"], Limits(**head["limits"]))


@dataclass(frozen=True, slots=True)
class Begin:
    """The rows of this sheet follow; None for a text file."""

    sheet: str | None


@dataclass(frozen=True, slots=True)
class End:
    """All rows were sent, so many."""

    rows: int


@dataclass(frozen=True, slots=True)
class Failure:
    """The file cannot be read, for this reason."""

    sentence: str


Message = Begin | Rows | End | Failure


def encode(message: Begin | End | Failure | list[list[object]]) -> bytes:
    """One line of the answer. Half a surrogate pair, which no UTF-8 can hold, becomes a question mark."""
    match message:
        case Begin(sheet=sheet):
            content: object = {"sheet": sheet}
        case End(rows=rows):
            content = {"end": rows}
        case Failure(sentence=sentence):
            content = {"error": sentence}
        case rows_:
            content = rows_
    line = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return line.encode("utf-8", "replace") + b"\n"


def decode(line: bytes) -> Message:
    """What a line says; `ValueError` if it is cut off or says nothing known."""
    content = json.loads(
        line, parse_float=Decimal, parse_int=Decimal, parse_constant=str, object_hook=_datetime_or_head
    )
    match content:
        case list():
            return content
        case {"sheet": sheet}:
            return Begin(sheet)
        case {"end": rows}:
            return End(int(rows))
        case {"error": str(sentence)}:
            return Failure(sentence)
    raise ValueError("the child said something unknown")


def _plain(cell: object) -> object:
    """Cells that JSON has no word for. A time or a duration without a date is a text, as Excel shows it."""
    match cell:
        case datetime():
            return {"d": cell.isoformat()}
        case time():
            return cell.isoformat()
        case timedelta():
            return _duration(cell)
    return str(cell)


def _duration(duration: timedelta) -> str:
    seconds = int(abs(duration.total_seconds()))
    sign = "-" if duration.total_seconds() < 0 else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _datetime_or_head(content: dict[str, object]) -> datetime | Mapping[str, object]:
    iso = content.get("d")
    return datetime.fromisoformat(iso) if isinstance(iso, str) else content
