"""Reading a report again, to compare what it claims of every row with what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from batch.errors import UsageError
from batch.model import BatchView
from batch.report import words


def difference_in(path: Path, view: BatchView) -> str | None:
    """The first place where the report's *Rows* part from the view, as a sentence; None if they agree."""
    claims = dict(_claims(path))
    for entry in view.rows:
        number, status = entry.row.number, entry.result.status.value
        if number not in claims:
            return f"The report has no row {number}, which is {status} in the ledger."
        claimed_status, claimed_code = claims.pop(number)
        if (claimed_status, claimed_code) != (status, entry.result.code):
            return (
                f"The report says of row {number} that it is {claimed_status} (code {claimed_code}), "
                f"but the ledger says {status} (code {entry.result.code})."
            )
    extra = next(iter(claims), None)
    return None if extra is None else f"The report has a row {extra} that the ledger does not have."


def _claims(path: Path) -> Iterator[tuple[int, tuple[str, int | None]]]:
    """Row number, status and code of each line of the report's *Rows*."""
    try:
        workbook = load_workbook(path, read_only=True, data_only=True)
    except (OSError, BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise UsageError(f"The report {path} cannot be read as a workbook: name one that creditbatch wrote.") from error
    try:
        if words.ROWS not in workbook.sheetnames:
            raise UsageError(f"The workbook {path} has no sheet “{words.ROWS}”: name one that creditbatch wrote.")
        lines = workbook[words.ROWS].iter_rows(values_only=True)
        titles = next(lines, ())
        status, code, row = (_last(titles, title, path) for title in (words.STATUS, words.CODE, words.ROW))
        for line in lines:
            number, claimed_code = line[row], line[code]
            if isinstance(number, int):
                yield number, (str(line[status]), claimed_code if isinstance(claimed_code, int) else None)
    finally:
        workbook.close()


def _last(titles: tuple[Any, ...], title: str, path: Path) -> int:
    """Our columns come after the accountant's own, which may have the same titles."""
    found = [index for index, name in enumerate(titles) if name == title]
    if not found:
        raise UsageError(f"The workbook {path} has no column “{title}”: name one that creditbatch wrote.")
    return found[-1]
