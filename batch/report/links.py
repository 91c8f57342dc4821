"""Where each row's evidence stands in the workbook, so that one click leads from a row to it, and one back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from openpyxl.cell import Cell
from openpyxl.utils import quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink

from batch.model import Status
from batch.report.contents import Contents
from batch.report.courses import Course
from batch.report.page import Frame

MOST_LINKS = 20_000
"""Excel repairs a sheet with more than 65,530. Nobody clicks through so many, and each takes memory until the end."""


@dataclass(frozen=True, slots=True)
class Links:
    """Lines of the sheets: of *Rows* by row number, of *Events* by row number and back, of *Balances* by token."""

    rows: Mapping[int, int]
    events: Mapping[int, int]
    rows_of_events: Mapping[int, int]
    accounts: Mapping[str, int]
    rows_of_accounts: Mapping[str, int]
    """The first row of the sub-account that needs a look."""


def links_of(contents: Contents, courses: list[Course], frame: Frame) -> Links:
    """Links for rows that were refused or are unknown, and for those that the forecast says would be refused."""
    first = frame.first_line
    refused_on_paper = {item.row for item in contents.forecast.refusals} if contents.forecast else set()
    rows: dict[int, int] = {}
    rows_of_accounts: dict[str, int] = {}
    for line, entry in enumerate(contents.view.rows, first):
        number = entry.row.number
        if entry.result.status not in {Status.REFUSED, Status.UNKNOWN} and number not in refused_on_paper:
            continue
        rows[number] = line
        if entry.row.token is not None:
            rows_of_accounts.setdefault(entry.row.token, line)
        if len(rows) == MOST_LINKS:
            break
    events = _events(contents, rows, first)
    back = {line: rows[number] for number, line in events.items()}
    accounts = {course.token: line for line, course in enumerate(courses, first)}
    return Links(rows, events, back, accounts, rows_of_accounts)


def _events(contents: Contents, rows: Mapping[int, int], first: int) -> dict[int, int]:
    """By row number, the line on which its last attempt begins."""
    lines: dict[int, int] = {}
    if not rows:
        return lines
    for line, event in enumerate(contents.view.events, first):
        if event.kind == "attempt-began":
            number = event.data["row"]
            if isinstance(number, int) and number in rows:
                lines[number] = line
    return lines


def put_link(cell: Cell | None, target: str, line: int | None) -> Cell | None:
    """Make the cell lead to a line of the workbook's sheet of that name, if there are both."""
    if cell is not None and line is not None:
        place = f"{quote_sheetname(target)}!A{line}"
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=place, tooltip=place)
    return cell
