"""The sheet *Events*: the audit trail as the ledger keeps it, each with the hash that chains it to the one before."""

from __future__ import annotations

from openpyxl.worksheet.worksheet import Worksheet

from batch.report import styles, words
from batch.report.contents import Contents
from batch.report.page import Frame
from batch.report.table import Column, Table, column, sample

NUMBER_WIDTH = 12
TIME_WIDTH = 30
WORDS_WIDEST = 70
HASH_WIDTH = 68


def write_events(sheet: Worksheet, contents: Contents, frame: Frame) -> None:
    """Write every event, in its order."""
    events, look = contents.view.events, frame.header_look
    sampled = sample(events)
    number, time, kind, particulars, digest = words.EVENT_TITLES
    columns = [
        Column(number, NUMBER_WIDTH, look, "center"),
        Column(time, TIME_WIDTH, look),
        column(kind, look, (words.event(event.kind) for event in sampled), widest=WORDS_WIDEST),
        column(particulars, look, (words.particulars(event.data) for event in sampled), widest=WORDS_WIDEST),
        Column(digest, HASH_WIDTH, look),
    ]
    table = Table(sheet, frame, columns)
    pen = table.pen
    for event in events:
        table.append(
            [
                pen.number(0, event.number, styles.SMALL_NUMBER),
                pen.time(1, event.at, styles.EVENT_TIME),
                table.text(2, words.event(event.kind)),
                table.text(3, words.particulars(event.data)),
                pen.text(4, event.hash),
            ]
        )
    table.close()
