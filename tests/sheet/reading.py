"""Reading in this process what a child would read, so that a test needs not wait for its start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from batch.errors import SheetError
from batch.frames import Grid, make_frame
from batch.model import Cell, ColumnRole, Source
from batch.sheet.child import answer
from batch.sheet.csv_reader import read_text
from batch.sheet.file_kind import FileKind, detect_kind
from batch.sheet.ipc import Begin, Request, decode
from batch.sheet.source_file import Limits, Original

Rows = list[list[Cell]]


def grid_of(
    data: bytes,
    name: str = "sheet.xlsx",
    *,
    sheet: str | None = None,
    columns: Mapping[ColumnRole, str] | None = None,
    limits: Limits | None = None,
) -> Grid:
    """The grid as it arrives at the caller, or the `SheetError` that it would raise."""
    original = Original(name, name[name.rindex(".") :], data)
    request = Request(original, sheet, columns or {}, limits or Limits())
    if detect_kind(original) is FileKind.TEXT:
        return read_text(original, sheet, request.columns, request.limits)
    return _answered(request)


def without_blanks(row: Sequence[Cell]) -> list[Cell]:
    filled = [column for column, cell in enumerate(row, start=1) if cell not in {None, ""}]
    return [cell or None if isinstance(cell, str) else cell for cell in row[: max(filled, default=0)]]


def _answered(request: Request) -> Grid:
    rows: list[tuple[Cell, ...]] = []
    begin: Begin | None = None
    for line in answer(request):
        match decode(line):
            case Begin() as begin:
                pass
            case SheetError() as error:
                raise error
            case list() as some:
                rows += some
    assert begin is not None
    source = Source(request.original.name, "", len(request.original.data), begin.sheet)
    return Grid(source, make_frame(rows), begin.appearance, begin.findings)


def read(data: bytes, name: str = "sheet.xlsx", *, sheet: str | None = None) -> tuple[str | None, Rows]:
    grid = grid_of(data, name, sheet=sheet)
    return grid.source.sheet, [list(row) for row in grid.rows]


def rows_of(data: bytes, name: str = "sheet.xlsx", *, sheet: str | None = None, limits: Limits | None = None) -> Rows:
    return [list(row) for row in grid_of(data, name, sheet=sheet, limits=limits).rows]
