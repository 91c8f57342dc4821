"""Reading a report again, to compare what it claims of every row with what the ledger says.

It may have been written in another language than the one in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook

from batch.errors import UsageError
from batch.language import Language, _, speaking
from batch.model import BatchView, Status
from batch.report import words
from batch.rules.vocabulary import REPORT_WORDS, ReportWords
from batch.wording import status_word

_SEARCHED_LINES = 2
"""The titles of a dry run stand below its mark."""


def difference_in(path: Path, view: BatchView) -> str | None:
    """The first place where the report's *Rows* part from the view, as a sentence; None if they agree."""
    claims = dict(_claims(path))
    for entry in view.rows:
        number, status = entry.row.number, status_word(entry.result.status)
        if number not in claims:
            sentence = _("The report has no row {row}, which is {status} in the ledger.")
            return sentence.format(row=number, status=status)
        claimed, code = claims.pop(number)
        if (claimed, code) != (status, entry.result.code):
            sentence = _(
                "The report says of row {row} that it is {claimed} (code {claimed_code}), "
                "but the ledger says {status} (code {code})."
            )
            return sentence.format(
                row=number, claimed=claimed, claimed_code=code, status=status, code=entry.result.code
            )
    extra = next(iter(claims), None)
    if extra is None:
        return None
    return _("The report has a row {row} that the ledger does not have.").format(row=extra)


def _claims(path: Path) -> Iterator[tuple[int, tuple[str, int | None]]]:
    """Row number, status (in the language in force) and code of each line of the report's *Rows*."""
    try:
        workbook = load_workbook(path, read_only=True, data_only=True)
    except (OSError, BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        sentence = _("The report {path} cannot be read as a workbook: name one that creditbatch wrote.")
        raise UsageError(sentence.format(path=path)) from error
    try:
        written, names = _language_of(path, workbook)
        said = _status_words(written)
        lines = workbook[names.rows].iter_rows(values_only=True)
        titles = _titles(path, lines, names)
        status, code, row = (_last(titles, title) for title in (names.status, names.code, names.row))
        for line in lines:
            number, claimed_code = line[row], line[code]
            if isinstance(number, int):
                claimed = str(line[status])
                yield number, (said.get(claimed, claimed), claimed_code if isinstance(claimed_code, int) else None)
    finally:
        workbook.close()


def _language_of(path: Path, workbook: Workbook) -> tuple[Language, ReportWords]:
    for written, names in REPORT_WORDS.items():
        if names.rows in workbook.sheetnames:
            return written, names
    sentence = _("The workbook {path} has no sheet “{sheet}”: name one that creditbatch wrote.")
    raise UsageError(sentence.format(path=path, sheet=words.ours().rows))


def _status_words(written: Language) -> Mapping[str, str]:
    """The report's words for a status, and ours."""
    with speaking(written):
        theirs = {status: status_word(status) for status in Status}
    return {theirs[status]: status_word(status) for status in Status}


def _titles(path: Path, lines: Iterator[tuple[Any, ...]], names: ReportWords) -> tuple[Any, ...]:
    wanted = (names.status, names.code, names.row)
    seen: set[Any] = set()
    for _line in range(_SEARCHED_LINES):
        titles = next(lines, ())
        if set(wanted) <= set(titles):
            return titles
        seen |= set(titles)
    missing = next((title for title in wanted if title not in seen), names.status)
    sentence = _("The workbook {path} has no column “{title}”: name one that creditbatch wrote.")
    raise UsageError(sentence.format(path=path, title=missing))


def _last(titles: tuple[Any, ...], title: str) -> int:
    """Our columns come after the accountant's own, which may have had the same titles in older reports."""
    return max(index for index, name in enumerate(titles) if name == title)
