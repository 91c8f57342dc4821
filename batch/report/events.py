"""The sheet *Events*: the audit trail as the ledger keeps it, each with the hash that chains it to the one before."""

from __future__ import annotations

from openpyxl.worksheet.worksheet import Worksheet

from batch.language import _
from batch.report import styles, words
from batch.report.contents import Contents
from batch.report.links import Links, put_link
from batch.report.page import Frame
from batch.report.table import Column, Table, column
from batch.report.telling import Teller

NUMBER_WIDTH = 12
TIME_WIDTH = 30
WORDS_WIDEST = 70
HASH_WIDTH = 68


def write_events(sheet: Worksheet, contents: Contents, frame: Frame, links: Links) -> str:
    """Write every event, in its order; the last attempt of a row that needs a look leads back to the row.

    Returns the range.
    """
    events, look = contents.view.events, frame.header_look
    teller = Teller()
    number, time, kind, particulars, digest = map(_, words.EVENT_TITLES)
    columns = [
        Column(number, NUMBER_WIDTH, look, "center"),
        Column(time, TIME_WIDTH, look),
        column(kind, look, teller.kinds(), widest=WORDS_WIDEST),
        Column(particulars, WORDS_WIDEST, look),
        Column(digest, HASH_WIDTH, look),
    ]
    table = Table(sheet, frame, columns)
    pen = table.pen
    rows = words.ours().rows
    for line, event in enumerate(events, frame.first_line):
        back = links.rows_of_events.get(line)
        number_cell = pen.number(0, event.number, styles.SMALL_NUMBER if back is None else _LINKED)
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


_LINKED = styles.linked(styles.SMALL_NUMBER)
