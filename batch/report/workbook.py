"""Putting the sheets together, and leaving the workbook whole or absent."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.workbook import Workbook
from openpyxl.writer.excel import ExcelWriter

from batch.errors import ReportError
from batch.model import BatchView
from batch.report import words
from batch.report.balances import write_balances
from batch.report.contents import Contents
from batch.report.events import write_events
from batch.report.page import add_sheet, frame_of
from batch.report.rows import write_rows
from batch.report.summary import write_summary
from batch.report.texts import one_line
from batch.report.to_fix import write_to_fix
from batch.rules.forecast import Forecast

TITLE_LIMIT = 200


def write_report(path: Path, view: BatchView, forecast: Forecast | None = None) -> None:
    """Write the workbook of a batch, or of a dry run with its forecast if there is one; `ReportError` if it cannot be.

    Missing folders are made. A workbook that is there already is replaced, but only by a whole one.
    """
    with _whole_file(path) as file:
        workbook = Workbook(write_only=True)
        try:
            _fill(workbook, Contents(view, forecast))
            with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                ExcelWriter(workbook, archive).write_data()
        finally:
            _remove_streams(workbook)


def _fill(workbook: Workbook, contents: Contents) -> None:
    head = contents.view.head
    frame = frame_of(head)
    workbook.properties.creator = words.PROGRAM
    workbook.properties.title = one_line(words.title(head.batch, head.source.file_name), TITLE_LIMIT)
    write_summary(add_sheet(workbook, words.SUMMARY, frame), contents)
    write_rows(add_sheet(workbook, words.ROWS, frame), contents, frame)
    write_balances(add_sheet(workbook, words.BALANCES, frame), contents, frame)
    write_to_fix(add_sheet(workbook, words.TO_FIX, frame), contents, frame)
    write_events(add_sheet(workbook, words.EVENTS, frame), contents, frame)


@contextmanager
def _whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name only once it is complete and on the disk, and is removed if it does not get there."""
    temporary = path.parent / f".{words.PROGRAM}-{secrets.token_hex(8)}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _take_name(temporary, path)
    except OSError as error:
        raise ReportError(f"The report {path} cannot be written: {_why(error)}.") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _take_name(temporary: Path, path: Path) -> None:
    try:
        temporary.replace(path)
    except PermissionError as error:
        raise ReportError(
            f"The report {path} cannot be replaced: close it if it is open in Excel, or choose another name."
        ) from error


def _why(error: OSError) -> str:
    """The system's words, and what to do where that is known."""
    words_of_system = (error.strerror or str(error)).strip().rstrip(".").lower()
    return f"{words_of_system}; choose a folder that can be written to, with enough room"


def _remove_streams(workbook: Workbook) -> None:
    """Remove the files that openpyxl keeps unfinished sheets in, which a failure would leave until the process ends."""
    for sheet in workbook.worksheets:
        writer = sheet._writer  # type: ignore[attr-defined]
        if writer is None or not Path(writer.out).exists():
            continue
        # A sheet that broke off in the middle of a row cannot be closed well, and need not be: its file goes.
        for close in (sheet.close, writer.close):
            with suppress(Exception):
                close()
        writer.cleanup()
