"""Writing the report of a batch of 100,000 rows: against a bare openpyxl write-only loop over the same cells.

`python -m bench.report HOME BATCH FILE` is the contender: it prints how long the writing took.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font

from bench.batches import record_finished
from bench.measuring import Effort, Measure, folder, process, python, timed, turn_about
from bench.results import Answer, compared, limited
from bench.running import database

ROWS = 100_000
BATCH = "b-1"
Cells = dict[str, list[tuple[Any, ...]]]


def answers(effort: Effort) -> Iterator[Answer]:
    """At most 1.3 times, under 300 MiB."""
    rows = effort.of(ROWS)
    with folder() as home:
        with database(home) as ledger:
            record_finished(ledger, rows, BATCH)
        written = home / "report.xlsx"

        def ours(*, memory: bool = False) -> Measure:
            whole, out = process(python("-m", "bench.report", home, BATCH, written), cwd=home, memory=memory)
            return Measure(float(out), whole.mib)

        mib = ours(memory=True).mib
        cells = _cells(written)
        taken = turn_about(
            effort.repeats, ours=ours, theirs=lambda: timed(lambda: _bare_loop(home / "bare.xlsx", cells))
        )
    mine, other = taken["ours"], taken["theirs"]
    figures = f"{mine.seconds:.1f} s, bare openpyxl {other.seconds:.1f} s"
    yield compared(f"report of {rows:,} rows", mine.seconds, other.seconds, 1.3, figures)
    yield limited(f"report of {rows:,} rows: memory, with the batch in it", mib, 300, "MiB", f"{mib:.0f} MiB")


def _cells(path: Path) -> Cells:
    book = load_workbook(path, read_only=True)
    cells = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
    book.close()
    return cells


def _bare_loop(path: Path, cells: Cells) -> None:
    """Write cells with a font and an alignment, as the report's have.

    Each column has one cell, which takes the next row's value once it is written: a new one for each value would take
    three times as long.
    """
    font, alignment = Font(name="Calibri"), Alignment(vertical="top")
    book = Workbook(write_only=True)
    for title, rows in cells.items():
        sheet = book.create_sheet(title)
        columns = [WriteOnlyCell(sheet) for _ in max(rows, key=len)]
        for cell in columns:
            cell.font, cell.alignment = font, alignment
        for row in rows:
            sheet.append([_fill(cell, value) for cell, value in zip(columns, row, strict=False)])
    book.save(path)


def _fill(cell: Cell, value: Any) -> Cell | None:
    cell.value = value
    return None if value is None else cell


def main(home: str, batch: str, file: str) -> None:
    """Write the report of a batch that is in the ledger, as `creditbatch report` does."""
    from batch.report.verdict import Contents
    from batch.report.workbook import write_report

    with database(Path(home)) as ledger:
        view = ledger.view(batch)
        print(timed(lambda: write_report(Path(file), Contents(view, None))).seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])
