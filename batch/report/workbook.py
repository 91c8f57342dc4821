"""Writes the result workbook, and its sheets *Balances* and *Events*."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from batch.files import Record, fit_line, open_whole_file
from batch.i18n import _
from batch.report import page, result_labels
from batch.report.page import Frame, Links, add_sheet, find_links, name_range, put_link
from batch.report.result_labels import Teller
from batch.report.rows_sheet import write_rows, write_to_fix
from batch.report.summary_layout import Form
from batch.report.summary_sheet import write_summary
from batch.report.table import Column, Table, make_column, sample_rows
from batch.report.verdict import Contents, Course, list_courses
from batch.zone import name_zone


def write_balances(sheet: Worksheet, lines: Sequence[Course], frame: Frame, links: Links) -> str:
    """Write the lines and return the range; those of refused or unknown rows lead back to the first such row."""
    others = _("Opening"), _("Added"), _("Removed"), _("Expected"), _("Final"), _("Difference")
    look = frame.header_look
    columns = [make_column(_("Sub-account"), look, (line.token for line in sample_rows(lines)), widest=50)]
    table = Table(sheet, frame, columns + [Column(title, 20, look, "right") for title in others])
    pen, rows = table.pen, result_labels.get_report_words().rows
    for line in lines:
        back = links.rows_of_accounts.get(line.token) if table.fits(0, line.token) else None
        euros = (line.opening, line.added, line.removed, line.expected, line.final)
        cells = [pen.euros(index, amount, 3) for index, amount in enumerate(euros, 1)]
        token = table.text(0, line.token, page.PLAIN if back is None else page.link_style(page.PLAIN))
        table.append([put_link(token, rows, back), *cells, pen.difference(6, line.difference)])
    table.close()
    return table.ref


def write_events(sheet: Worksheet, contents: Contents, frame: Frame, links: Links) -> str:
    """Write every event and return the range; the last attempt of a row that needs a look leads back to the row."""
    events, look = contents.view.events, frame.header_look
    teller = Teller()
    columns = [
        Column(_("Number"), 12, look, "center"),
        Column(_("Time ({zone})").format(zone=name_zone()), 30, look),
        make_column(_("Event"), look, teller.kinds.values(), widest=70),
        Column(_("Particulars"), 70, look),
        Column(_("Hash"), 68, look),
    ]
    table = Table(sheet, frame, columns)
    pen = table.pen
    rows = result_labels.get_report_words().rows
    for line, event in enumerate(events, frame.first_line):
        back = links.rows_of_events.get(line)
        number_cell = pen.number(0, event.number, page.SMALL_NUMBER if back is None else _LINKED)
        table.append(
            [
                put_link(number_cell, rows, back),
                pen.time(1, event.at, in_thousandths=True),
                table.text(2, teller.event(event.kind)),
                table.text(3, teller.particulars(event.data)),
                pen.text(4, event.hash),
            ]
        )
    table.close()
    return table.ref


_LINKED = page.link_style(page.SMALL_NUMBER)


def write_report(path: Path, contents: Contents, record: Record | None = None) -> None:
    """Write the workbook of a batch or of a dry run; `ReportError` if it cannot be.

    Missing folders are made. A workbook that is there already is replaced, but only by a whole one; `record` is called
    with that before (see `open_whole_file`).
    """
    with open_whole_file(path, record) as file:
        workbook = Workbook(write_only=True)
        try:
            _fill(workbook, contents)
            with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                ExcelWriter(workbook, archive).write_data()
        except BaseException:
            _remove_streams(workbook)
            raise


def _fill(workbook: Workbook, contents: Contents) -> None:
    head = contents.view.head
    frame = Frame(head.source.file_name, head.batch)
    workbook.properties.creator = result_labels.PROGRAM
    workbook.properties.title = fit_line(result_labels.make_title(head.batch, head.source.file_name), 200)
    names = result_labels.get_report_words()
    summary = add_sheet(workbook, names.summary, frame, is_upright=True)
    rows, balances, to_fix, events = (add_sheet(workbook, name, frame) for name in names.sheets[1:])
    lines = list_courses(contents)
    links = find_links(contents, lines, frame)
    write_summary(Form(workbook, summary), balances, contents, lines, frame)
    write_rows(rows, contents, frame, links)
    name_range(workbook, "Balances", names.balances, write_balances(balances, lines, frame, links))
    name_range(workbook, "ToFix", names.to_fix, write_to_fix(to_fix, contents, frame))
    name_range(workbook, "Events", names.events, write_events(events, contents, frame, links))


def _remove_streams(workbook: Workbook) -> None:
    """Remove the files that openpyxl keeps unfinished sheets in, which a failure would leave until the process ends.

    It removes each once the sheet is in an archive, whichever that is.
    """
    for sheet in workbook.worksheets:
        # One that is in the report's archive has no file any more, and one whose file cannot be ended keeps it.
        with suppress(Exception), ZipFile(BytesIO(), "w", ZIP_DEFLATED) as unwanted:
            ExcelWriter(workbook, unwanted).write_worksheet(sheet)
