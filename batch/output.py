"""What `--out` writes: the same result as a workbook, as a table in a text file, or as a JSON document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from batch.document import Document, batch_document, dry_run_document, json_pieces
from batch.errors import UsageError
from batch.files import whole_file
from batch.language import _
from batch.model import BatchView
from batch.planning.plan import Forecast
from batch.report.verdict import Contents
from batch.runner.dry_run import DryRun

SUFFIXES = (".xlsx", ".csv", ".json")


def refuse_other_suffixes(path: Path) -> None:
    """Before anything else is done: `UsageError` unless the file's name says what it is to be."""
    if path.suffix.lower() not in SUFFIXES:
        sentence = _("It is not clear what {path} is to be: give it a name that ends in .xlsx, .csv or .json.")
        raise UsageError(sentence.format(path=path))


def refuse_replacing(sheet: Path, out: Path, option: str = "--out") -> None:
    """Before anything else is done: `UsageError` where the option names the accountant's own sheet."""
    if out.exists() and sheet.exists() and out.samefile(sheet):
        sentence = _("{option} would replace the sheet itself: choose another name.")
        raise UsageError(sentence.format(option=option))


def write_batch(path: Path, view: BatchView) -> None:
    """Write what has become of a batch; `ReportError` if it cannot be."""
    _write(path, view, None, lambda: batch_document(view, str(path)))


def write_dry_run(path: Path, checked: DryRun) -> None:
    """Write what the checks say of a sheet, and the forecast; `ReportError` if it cannot be."""
    _write(path, checked.view, checked.forecast, lambda: dry_run_document(checked, str(path)))


def _write(path: Path, view: BatchView, forecast: Forecast | None, document: Callable[[], Document]) -> None:
    refuse_other_suffixes(path)
    match path.suffix.lower():
        case ".json":
            with whole_file(path) as file:
                file.writelines(piece.encode() for piece in json_pieces(document()))
        case ".csv":
            from batch.delimited import write_csv
            from batch.report.rows_sheet import row_lines

            with whole_file(path) as file:
                write_csv(file, row_lines(Contents(view, forecast)))
        case _:
            from batch.report.workbook import write_report

            write_report(path, view, forecast)
