"""Compares what a report claims of every row with what the ledger says, whatever language it was written in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas

from batch.errors import UsageError
from batch.i18n import Language, _, use_language
from batch.model import BatchView, Status, name_status
from batch.report import result_labels
from batch.validation.vocabulary import REPORT_WORDS, ReportWords

_Said = tuple[str, int | None]
"""A row's status, in the language in force, and its code."""


def compare_report(path: Path, view: BatchView) -> str | None:
    """Compare the report's *Rows* with the view: return the first difference as a sentence, None if they agree."""
    claimed = _read_claims(path)
    recorded = {entry.row.number: (name_status(entry.result.status), entry.result.code) for entry in view.rows}
    for row in dict.fromkeys([*recorded, *claimed]):
        for claim in claimed.get(row, [None]):
            if claim != recorded.get(row):
                return _tell_difference(row, claim, recorded.get(row))
    return None


def _tell_difference(row: int, claim: _Said | None, record: _Said | None) -> str:
    if record is None:
        return _("The report has a row {row} that the ledger does not have.").format(row=row)
    status, code = record
    if claim is None:
        return _("The report has no row {row}, which is {status} in the ledger.").format(row=row, status=status)
    sentence = _(
        "The report says of row {row} that it is {claimed} (code {claimed_code}), "
        "but the ledger says {status} (code {code})."
    )
    return sentence.format(row=row, claimed=claim[0], claimed_code=claim[1], status=status, code=code)


def _read_claims(path: Path) -> dict[int, list[_Said | None]]:
    """Read what the report's *Rows* say, by row number, of which a damaged one may have some twice."""
    with _open_report(path) as workbook:
        written, names = _find_language(path, workbook)
        cells = pandas.read_excel(workbook, sheet_name=names.rows, header=None, dtype=object, na_filter=False)
    first, columns = _find_titles(path, cells, names)
    said = _translate_statuses(written)
    claims: dict[int, list[_Said | None]] = {}
    for status, code, number in cells.iloc[first:, columns].itertuples(index=False):
        if isinstance(number, int):
            claim = said.get(str(status), str(status)), code if isinstance(code, int) else None
            claims.setdefault(number, []).append(claim)
    return claims


def _open_report(path: Path) -> pandas.ExcelFile:
    try:
        return pandas.ExcelFile(path, engine="calamine")
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # (a panic of the Rust parser is no Exception)
        sentence = _("The report {path} cannot be read as a workbook: name one that creditbatch wrote.")
        raise UsageError(sentence.format(path=path)) from error


def _find_language(path: Path, workbook: pandas.ExcelFile) -> tuple[Language, ReportWords]:
    for written, names in REPORT_WORDS.items():
        if names.rows in workbook.sheet_names:
            return written, names
    sentence = _("The workbook {path} has no sheet “{sheet}”: name one that creditbatch wrote.")
    raise UsageError(sentence.format(path=path, sheet=result_labels.get_report_words().rows))


def _translate_statuses(written: Language) -> Mapping[str, str]:
    """Map the report's words for a status to those of the language in force."""
    with use_language(written):
        theirs = {status: name_status(status) for status in Status}
    return {theirs[status]: name_status(status) for status in Status}


def _find_titles(path: Path, cells: pandas.DataFrame, names: ReportWords) -> tuple[int, list[int]]:
    """Find where the table begins below its titles, and the columns of the status, the code and the row number.

    Our columns come after the accountant's own, which may have had the same titles in older reports.
    """
    wanted = (names.status, names.code, names.row)
    seen: set[Any] = set()
    for line in range(min(2, len(cells))):  # The titles of a dry run stand below its mark.
        titles = list(cells.iloc[line])
        if set(wanted) <= set(titles):
            return line + 1, [max(at for at, name in enumerate(titles) if name == title) for title in wanted]
        seen |= set(titles)
    missing = next((title for title in wanted if title not in seen), names.status)
    sentence = _("The workbook {path} has no column “{title}”: name one that creditbatch wrote.")
    raise UsageError(sentence.format(path=path, title=missing))
