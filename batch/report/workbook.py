"""Putting the sheets together, and leaving the workbook whole or absent."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.utils import absolute_coordinate, quote_sheetname
from openpyxl.workbook import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.writer.excel import ExcelWriter

from batch.files import whole_file
from batch.model import BatchView
from batch.planning.plan import Forecast
from batch.report import words
from batch.report.balances import write_balances
from batch.report.contents import Contents
from batch.report.courses import courses
from batch.report.events import write_events
from batch.report.links import links_of
from batch.report.page import add_sheet, frame_of
from batch.report.rows import write_rows
from batch.report.summary import Sheets, write_summary
from batch.report.texts import one_line
from batch.report.to_fix import write_to_fix

TITLE_LIMIT = 200


def write_report(path: Path, view: BatchView, forecast: Forecast | None = None) -> None:
    """Write the workbook of a batch, or of a dry run with its forecast if there is one; `ReportError` if it cannot be.

    Missing folders are made. A workbook that is there already is replaced, but only by a whole one.
    """
    with whole_file(path) as file:
        workbook = Workbook(write_only=True)
        try:
            _fill(workbook, Contents(view, forecast))
            with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                ExcelWriter(workbook, archive).write_data()
        except BaseException:
            _remove_streams(workbook)
            raise


def _fill(workbook: Workbook, contents: Contents) -> None:
    head = contents.view.head
    frame = frame_of(head)
    workbook.properties.creator = words.PROGRAM
    workbook.properties.title = one_line(words.title(head.batch, head.source.file_name), TITLE_LIMIT)
    names = words.ours()
    summary = add_sheet(workbook, names.summary, frame, is_upright=True)
    rows, balances, to_fix, events = (add_sheet(workbook, name, frame) for name in names.sheets[1:])
    lines = courses(contents)
    links = links_of(contents, lines, frame)
    write_summary(workbook, Sheets(summary, balances), contents, lines, frame)
    write_rows(rows, contents, frame, links)
    _name(workbook, "Balances", names.balances, write_balances(balances, lines, frame, links))
    _name(workbook, "ToFix", names.to_fix, write_to_fix(to_fix, contents, frame))
    _name(workbook, "Events", names.events, write_events(events, contents, frame, links))


def _name(workbook: Workbook, name: str, sheet: str, ref: str) -> None:
    """A name for a range, the same in every language."""
    place = f"{quote_sheetname(sheet)}!{absolute_coordinate(ref)}"
    workbook.defined_names[name] = DefinedName(name, attr_text=place)


def _remove_streams(workbook: Workbook) -> None:
    """Remove the files that openpyxl keeps unfinished sheets in, which a failure would leave until the process ends.

    It removes each once the sheet is in an archive, whichever that is.
    """
    for sheet in workbook.worksheets:
        # One that is in the report's archive has no file any more, and one whose file cannot be ended keeps it.
        with suppress(Exception), ZipFile(BytesIO(), "w", ZIP_DEFLATED) as unwanted:
            ExcelWriter(workbook, unwanted).write_worksheet(sheet)
