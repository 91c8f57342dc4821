"""CSV and TSV: found separator, found encoding, every cell a text. A row has the number that Excel shows for it."""

from __future__ import annotations

import csv
import io
import re
import statistics
from collections.abc import Iterator
from itertools import islice

from batch.errors import SheetError
from batch.rules.header import SEARCHED_ROWS, find_header
from batch.sheet.complaints import damaged, shown
from batch.sheet.encoding import to_utf8
from batch.sheet.limits import Limits
from batch.sheet.original import Original
from batch.sheet.table import Table, check_extent, pieces, rows_in_a_piece

_SEPARATORS = (";", ",", "\t", "|")
_DECLARED = re.compile(rb'"?sep=([;,\t|])"?(?:\r\n|\n|\r)', re.IGNORECASE)
_SAMPLE = 2**16
"""Bytes that the separator is found in."""


def read_text(original: Original, sheet: str | None, limits: Limits) -> Table:
    """The file's only table."""
    if sheet is not None:
        raise SheetError(f"{shown(original.name)} is a text file and has no sheets: leave the name of the sheet away.")
    text = to_utf8(original.data, original.name)
    declared = _DECLARED.match(text)
    if declared:
        # Excel takes the separator from this line and does not show it, so it is not counted as a row.
        text, separator = text[declared.end() :], declared.group(1).decode()
    else:
        separator = _separator(text[:_SAMPLE].decode("utf-8", "ignore"), original.suffix)
    rows, columns = _extent(text, separator, original.name, limits)
    check_extent(original.name, rows, columns, limits)
    return Table(None, _rows(text, separator, columns, original.name) if columns else iter(()))


def _separator(sample: str, suffix: str) -> str:
    """The one by which the header names the most columns we know; else the one that cuts most rows into most cells."""

    def worth(separator: str) -> tuple[int, int, bool]:
        try:
            records = list(islice(_records(io.StringIO(sample, newline=""), separator), SEARCHED_ROWS))
        except csv.Error:
            return 0, 0, False
        header = find_header(records)
        widths = [len(record) for record in records if record]
        usual = statistics.mode(widths) if widths else 0
        return len(header.roles) if header else 0, usual, suffix == ".tsv" and separator == "\t"

    return max(_SEPARATORS, key=worth)


def _records(lines: Iterator[str] | io.StringIO | io.TextIOWrapper, separator: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=separator)


def _extent(text: bytes, separator: str, name: str, limits: Limits) -> tuple[int, int]:
    """Rows and columns. pandas must be told the width: it drops or refuses what the first rows did not announce."""
    rows = columns = 0
    usual = csv.field_size_limit(limits.cell_text)
    try:
        with io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="") as lines:
            for record in _records(lines, separator):
                rows += 1
                if len(record) > columns:
                    columns = len(record)
                    if columns > limits.columns:
                        break
                if rows > limits.rows:
                    break
    except csv.Error:
        raise SheetError(
            f"{shown(name)} has a cell of more than {limits.cell_text:,} characters in row {rows + 1:,}: "
            "look there for a quotation mark that is not closed."
        ) from None
    finally:
        csv.field_size_limit(usual)
    return rows, columns


def _rows(text: bytes, separator: str, columns: int, name: str) -> Iterator[list[list[object]]]:
    # Imported late, because a file that is refused before needs not wait for it.
    import pandas

    try:
        with pandas.read_csv(
            io.BytesIO(text),
            sep=separator,
            header=None,
            names=list(range(columns)),
            index_col=False,
            dtype=object,
            keep_default_na=False,
            na_filter=False,
            skip_blank_lines=False,
            encoding="utf-8",
            engine="c",
            chunksize=rows_in_a_piece(columns),
        ) as frames:
            for frame in frames:
                yield from pieces(frame)
    except pandas.errors.ParserError as error:
        if "EOF inside string" in str(error):
            raise SheetError(
                f"{shown(name)} has a quotation mark that is opened but never closed: close it, or take it out."
            ) from None
        raise damaged(name) from None
