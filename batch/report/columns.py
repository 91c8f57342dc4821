"""Our columns of *Rows*, each defined once for the workbook, the text file and the JSON document.

One more column is one more entry of `COLUMNS`. The accountant's own columns stand behind the first, the row's number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from itertools import chain, count
from typing import Any

from batch.files import escape_formula, fit_line, format_decimal, mark_unwritable
from batch.findings import Finding
from batch.i18n import _
from batch.model import BatchRow, RowResult, Status, name_status
from batch.money import encode_balance
from batch.planning.plan import Refusal
from batch.report.result_labels import explain_row, get_report_words, tell_findings, tell_note
from batch.zone import localize, name_zone

Value = str | int | Decimal | datetime | None


class CellKind(Enum):
    """What a column holds, which says how it is written."""

    STATUS = "status"
    TEXT = "text"
    NUMBER = "number"
    BALANCE = "balance"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class RowColumn:
    """One of our columns: its title, its value of a row and of its forecast, and its width in characters.

    Without a `width` it is as wide as its values need, up to `widest`. With a `json_name` it is in the JSON document
    too, where a script may need another form of the value.
    """

    title: Callable[[], str]
    kind: CellKind
    value: Callable[[BatchRow, Refusal | None], Value]
    width: int | None = None
    widest: int = 40
    json_name: str | None = None
    json_value: Callable[[BatchRow], Any] | None = None

    def write_text(self, entry: BatchRow, refusal: Refusal | None) -> str:
        value = self.value(entry, refusal)
        if value is None:
            return ""
        if isinstance(value, Decimal):
            return format_decimal(value, 3)
        if isinstance(value, datetime):
            return f"{localize(value):%Y-%m-%d %H:%M:%S}"
        if isinstance(value, Status):
            return name_status(value)
        return escape_formula(mark_unwritable(value)) if isinstance(value, str) else str(value)

    def write_json(self, entry: BatchRow) -> Any:
        """Write the value for the JSON document: a status as its code, a balance as text, a time with its zone."""
        if self.json_value is not None:
            return self.json_value(entry)
        value = self.value(entry, None)
        if isinstance(value, Decimal):
            return encode_balance(value)
        return localize(value).isoformat() if isinstance(value, datetime) else value


def convert_finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "row": finding.row,
        "cell": finding.cell,
        "message": finding.message,
    }


def choose_message(result: RowResult) -> str | None:
    """Choose what is most to the point: of a row in doubt, rather what the balances say than what the provider said."""
    ours = tell_note(result)
    return (ours or result.message if result.status is Status.UNKNOWN else result.message or ours) or None


TITLE_LIMIT = 200
"""Excel takes 255 characters for a column of its tables."""


def name_columns(titles: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Name the columns of an Excel table by their titles: on one line, none empty, taken, or there twice."""
    seen = {title.casefold() for title in taken}
    found = []
    for position, title in enumerate(titles, 1):
        base = fit_line(title, TITLE_LIMIT) or _("Column {number}").format(number=position)
        numbered = (f"{base} ({number})" for number in count(2))
        # Excel compares without regard to capitals.
        name = next(name for name in chain([base], numbered) if name.casefold() not in seen)
        seen.add(name.casefold())
        found.append(name)
    return found


COLUMNS = (
    RowColumn(lambda: get_report_words().row, CellKind.NUMBER, lambda entry, _: entry.row.number, 11, json_name="row"),
    RowColumn(
        lambda: get_report_words().status, CellKind.STATUS, lambda entry, _: entry.result.status, json_name="status"
    ),
    RowColumn(
        lambda: get_report_words().code, CellKind.NUMBER, lambda entry, _: entry.result.code, 10, json_name="code"
    ),
    RowColumn(
        lambda: _("Meaning"),
        CellKind.TEXT,
        lambda entry, _: explain_row(entry),
        widest=28,
        json_name="note",
        json_value=lambda entry: tell_note(entry.result) or None,
    ),
    RowColumn(
        lambda: _("Provider’s message"),
        CellKind.TEXT,
        lambda entry, _: entry.result.message,
        json_name="message",
        json_value=lambda entry: choose_message(entry.result),
    ),
    RowColumn(
        lambda: _("Main balance after"),
        CellKind.BALANCE,
        lambda entry, _: entry.result.main_balance,
        15,
        json_name="main_balance",
    ),
    RowColumn(
        lambda: _("Sub-account balance after"),
        CellKind.BALANCE,
        lambda entry, _: entry.result.subaccount_balance,
        15,
        json_name="subaccount_balance",
    ),
    RowColumn(lambda: _("Attempts"), CellKind.NUMBER, lambda entry, _: entry.result.attempts, 12, json_name="attempts"),
    RowColumn(
        lambda: _("Moved at ({zone})").format(zone=name_zone()),
        CellKind.TIME,
        lambda entry, _: entry.result.moved_at,
        22,
        json_name="moved_at",
    ),
    RowColumn(
        lambda: _("Established at ({zone})").format(zone=name_zone()),
        CellKind.TIME,
        lambda entry, _: entry.result.at,
        22,
        json_name="at",
    ),
    RowColumn(
        lambda: _("Findings"),
        CellKind.TEXT,
        tell_findings,
        json_name="findings",
        json_value=lambda entry: [convert_finding(finding) for finding in entry.row.findings],
    ),
)
