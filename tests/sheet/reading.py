"""Reading in this process what the child would read, so that a test needs not wait for its start."""

from __future__ import annotations

from batch.errors import SheetError
from batch.sheet.child import answer
from batch.sheet.limits import Limits
from batch.sheet.original import Original
from batch.sheet.wire import Begin, Failure, Request, Rows, decode


def read(
    data: bytes, name: str = "sheet.xlsx", *, sheet: str | None = None, limits: Limits | None = None
) -> tuple[str | None, Rows]:
    """The sheet's name and rows as they arrive at the parent, or the `SheetError` that it would raise."""
    original = Original(name, name[name.rindex(".") :], data)
    rows: Rows = []
    found: str | None = None
    for line in answer(Request(original, sheet, limits or Limits())):
        match decode(line):
            case Begin(sheet=found):
                pass
            case Failure(sentence=sentence):
                raise SheetError(sentence)
            case list() as some:
                rows += some
    return found, rows


def rows_of(data: bytes, name: str = "sheet.xlsx", *, sheet: str | None = None, limits: Limits | None = None) -> Rows:
    """Only the rows."""
    return read(data, name, sheet=sheet, limits=limits)[1]
