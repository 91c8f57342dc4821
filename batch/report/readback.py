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

_SEARCHED_LINES = 2
"""The titles of a dry run stand below its mark."""
_NO_CODE = -1
"""Where there is none, so that codes stay whole numbers in a table."""


def compare_report(path: Path, view: BatchView) -> str | None:
    """Compare the report's *Rows* with the view: return the first difference as a sentence, None if they agree."""
    claimed, recorded = _read_claims(path), _collect_records(view)
    both = recorded.join(claimed, how="outer", sort=False)
    differing = both[(both["status"] != both["claimed"]) | (both["code"] != both["claimed_code"])]
    if differing.empty:
        return None
    first = differing.reset_index(names="row").iloc[0]
    return _tell_difference(**{str(name): _convert_value(value) for name, value in first.items()})


def _tell_difference(*, row: Any, status: Any, code: Any, claimed: Any, claimed_code: Any) -> str:
    if claimed is None:
        return _("The report has no row {row}, which is {status} in the ledger.").format(row=row, status=status)
    if status is None:
        return _("The report has a row {row} that the ledger does not have.").format(row=row)
    sentence = _(
        "The report says of row {row} that it is {claimed} (code {claimed_code}), "
        "but the ledger says {status} (code {code})."
    )
    return sentence.format(row=row, claimed=claimed, claimed_code=claimed_code, status=status, code=code)


def _convert_value(value: Any) -> Any:
    """Convert a cell of the table for a sentence: to nothing, a text, or a whole number."""
    if pandas.isna(value) or value == _NO_CODE:
        return None
    return value if isinstance(value, str) else int(value)


def _collect_records(view: BatchView) -> pandas.DataFrame:
    """Collect what the ledger says, by row number: the status in the language in force, and the code."""
    results = [entry.result for entry in view.rows]
    return pandas.DataFrame(
        {
            "status": [name_status(result.status) for result in results],
            "code": [_NO_CODE if result.code is None else result.code for result in results],
        },
        index=[entry.row.number for entry in view.rows],
    )


def _read_claims(path: Path) -> pandas.DataFrame:
    """Read what the report's *Rows* say, in the same form."""
    with _open_report(path) as workbook:
        written, names = _find_language(path, workbook)
        cells = pandas.read_excel(workbook, sheet_name=names.rows, header=None, dtype=object, na_filter=False)
    first, columns = _find_titles(path, cells, names)
    table = cells.iloc[first:, columns].set_axis(["claimed", "claimed_code", "row"], axis="columns")
    table = table[table["row"].map(lambda number: isinstance(number, int))]
    said = _translate_statuses(written)
    return pandas.DataFrame(
        {
            "claimed": [said.get(str(word), str(word)) for word in table["claimed"]],
            "claimed_code": [code if isinstance(code, int) else _NO_CODE for code in table["claimed_code"]],
        },
        index=list(table["row"]),
    )


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
    for line in range(min(_SEARCHED_LINES, len(cells))):
        titles = list(cells.iloc[line])
        if set(wanted) <= set(titles):
            return line + 1, [max(at for at, name in enumerate(titles) if name == title) for title in wanted]
        seen |= set(titles)
    missing = next((title for title in wanted if title not in seen), names.status)
    sentence = _("The workbook {path} has no column “{title}”: name one that creditbatch wrote.")
    raise UsageError(sentence.format(path=path, title=missing))
