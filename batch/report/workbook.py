"""Writes the result workbook, and its sheets *Balances* and *Events*."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.cell import Cell
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from batch.files import Record, fit_line, open_whole_file
from batch.i18n import _
from batch.model import Direction
from batch.report import page, result_labels
from batch.report.page import Frame, Links, add_sheet, find_links, name_range, put_link, save_workbook
from batch.report.result_labels import Teller
from batch.report.rows_sheet import write_rows, write_to_fix
from batch.report.summary_layout import Form
from batch.report.summary_sheet import write_charts, write_summary
from batch.report.table import CellFactory, Column, Table, make_column, sample_rows, split_text
from batch.report.verdict import Contents, Course, list_courses
from batch.zone import name_zone


def write_balances(sheet: Worksheet, contents: Contents, lines: Sequence[Course], frame: Frame, links: Links) -> str:
    """Write the main account and the lines, and return the range of these; of refused or unknown rows they lead back.

    The main account stands above the titles of the sub-accounts, where neither a filter nor their total takes it along.
    """
    others = _("Opening"), _("Added"), _("Removed"), _("Expected"), _("Final"), _("Difference")
    look, total = frame.header_look, _("Total of the sub-accounts")
    tokens = (line.token for line in sample_rows(lines))
    columns = [make_column(_("Account"), look, [total, *tokens], widest=50)]
    columns += [Column(title, 20, look, "right") for title in others]
    # A sum of what is not known would look like one that is known.
    known = {index for line in lines for index, amount in enumerate(_list_amounts(line), 1) if amount is not None}
    table = Table(sheet, frame, columns, summed=known, places=3, above=2)
    pen, rows = table.pen, result_labels.get_report_words().rows
    main = find_main_course(contents)
    table.append([table.text(0, main.token, page.STRONG), *_make_course_cells(pen, main)])
    table.begin_again(_("Sub-account"))
    for line in lines:
        back = links.rows_of_accounts.get(line.token) if table.fits(0, line.token) else None
        token = table.text(0, line.token, page.PLAIN if back is None else page.link_style(page.PLAIN))
        table.append([put_link(token, rows, back), *_make_course_cells(pen, line)])
    table.close(total)
    return table.ref


def _make_course_cells(pen: CellFactory, line: Course) -> list[Cell | None]:
    *euros, difference = _list_amounts(line)
    return [*(pen.euros(index, amount, 3) for index, amount in enumerate(euros, 1)), pen.difference(6, difference)]


def _list_amounts(line: Course) -> list[Decimal | None]:
    return [line.opening, line.added, line.removed, line.expected, line.final, line.difference]


def write_events(sheet: Worksheet, contents: Contents, frame: Frame, links: Links) -> tuple[str, dict[int, int]]:
    """Write every event, and return the range and the line on which the last attempt of each row that needs a look is.

    That event leads back to the row. One that says more than a cell shows takes several lines.
    """
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
    lines: dict[int, int] = {}
    for event in events:
        row = links.attempts.get(event.number)
        back = None if row is None else links.rows[row]
        if row is not None:
            lines[row] = pen.row + 1
        first, *others = split_text(teller.particulars(event.data), columns[3].width) or [""]
        number_cell = pen.number(0, event.number, page.SMALL_NUMBER if back is None else _LINKED)
        table.append(
            [
                put_link(number_cell, rows, back),
                pen.time(1, event.at, in_thousandths=True),
                table.text(2, teller.event(event.kind)),
                table.text(3, first),
                pen.text(4, event.hash),
            ]
        )
        for other in others:
            # The hash stands once for each event; by the rest a filter finds every line of it.
            table.append(
                [
                    pen.number(0, event.number, page.SMALL_NUMBER),
                    pen.time(1, event.at, in_thousandths=True),
                    table.text(2, teller.event(event.kind)),
                    table.text(3, other),
                ]
            )
    table.close()
    page.keep_from_print(sheet, len(columns))
    return table.ref, lines


def find_main_course(contents: Contents) -> Course:
    """Find the main account's course, in which what the sub-accounts give back is added."""
    name, book, forecast = _("Main account"), contents.books.main, contents.forecast
    if not contents.is_dry_run:
        return Course(name, book.opening, book.received, book.given, book.expected, book.closing, book.difference)
    added, removed = (contents.sum_planned_euros(direction) for direction in (Direction.REMOVE, Direction.ADD))
    before, after = (forecast.before, forecast.after) if forecast else (None, None)
    return Course(name, before, added, removed, after)


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
            save_workbook(workbook, file)
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
    form = Form(workbook, summary)
    write_summary(form, contents, partial(write_charts, form, balances, contents, lines, frame))
    trail, event_lines = write_events(events, contents, frame, links)
    write_rows(rows, contents, frame, links, event_lines)
    name_range(workbook, "Balances", names.balances, write_balances(balances, contents, lines, frame, links))
    name_range(workbook, "ToFix", names.to_fix, write_to_fix(to_fix, contents, frame))
    name_range(workbook, "Events", names.events, trail)


def _remove_streams(workbook: Workbook) -> None:
    """Remove the files that openpyxl keeps unfinished sheets in, which a failure would leave until the process ends.

    It removes each once the sheet is in an archive, whichever that is.
    """
    for sheet in workbook.worksheets:
        # One that is in the report's archive has no file any more, and one whose file cannot be ended keeps it.
        with suppress(Exception), ZipFile(BytesIO(), "w", ZIP_DEFLATED) as unwanted:
            ExcelWriter(workbook, unwanted).write_worksheet(sheet)
