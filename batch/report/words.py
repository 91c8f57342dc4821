"""Every word of the workbook that is not data, in one place. The verdict, which is put together, has its own module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from batch import codes
from batch.findings import Finding
from batch.model import BatchRow, BatchState, Status
from batch.money import euros
from batch.rules.forecast import Refusal
from batch.rules.vocabulary import REPORT_SHEETS

PROGRAM = "creditbatch"
DRY_RUN = "DRY RUN – nothing has moved"

SUMMARY, ROWS, BALANCES, TO_FIX, EVENTS = REPORT_SHEETS

STATUS = "Status"
CODE = "Code"
MEANING = "Meaning"
MESSAGE = "Provider’s message"
MAIN_AFTER = "Main balance after"
SUBACCOUNT_AFTER = "Sub-account balance after"
ATTEMPTS = "Attempts"
TIME = "Time (UTC)"
ROW = "Row in sheet"
FINDINGS = "Findings"
REASON = "Why it was not done"
BALANCE_TITLES = ("Sub-account", "Opening", "Added", "Removed", "Expected", "Final", "Difference")
EVENT_TITLES = ("Number", TIME, "Event", "Particulars", "Hash")

NOT_KNOWN = "not known"
NOT_ASKED = "not asked"
CONTROL_TOTALS = "Control totals"
ALL_ROWS = "All rows"
FORECAST = "What would happen to the main account"
MAIN_ACCOUNT = "Main account"
MAIN_BEFORE = "Main balance before"
ADDED = "Added to sub-accounts"
REMOVED = "Removed from sub-accounts"
WOULD_ADD = "Would be added to sub-accounts"
WOULD_REMOVE = "Would be removed from them"
EXPECTED_AFTER = "Main balance expected"
LOWEST = "Lowest on the way"
TOP_UP = "Top-up needed"
BOOKS_DIFFERENCE = "Difference the books show"
MAIN_DIFFERENCE_NOTE = "Main balance after less expected; messages sent meanwhile lower it"
SUBACCOUNTS_DIFFERENCE = "Difference on sub-accounts"
SHEET_FINDINGS = "What was found in the sheet as a whole"
WHAT_RAN = "What ran"
BATCH = "Batch"
STATE = "State"
STATE_REASON = "Reason"
FILE_NAME = "File"
SHEET_NAME = "Sheet"
FILE_SIZE = "Size"
FILE_SHA = "SHA-256 of the file"
PLAN_DIGEST = "Digest of the plan"
CHECKED_AT = "Checked"
STARTED = "Started"
ENDED = "Ended"
ACCOUNT = "Main account’s user"
API = "Provider’s address"
WRITTEN_BY = "Written by"
STATUS_TITLES = (STATUS, "Rows", "Euros", "What it means")
STATUS_MEANINGS: Mapping[Status, str] = {
    Status.DONE: "Moved, exactly once",
    Status.REFUSED: "The provider said no; nothing moved",
    Status.INVALID: "Has an error; never sent",
    Status.UNKNOWN: "Not known whether it moved; a person must decide",
    Status.PENDING: "Not moved; can still be sent",
}
STATE_WORDS: Mapping[BatchState, str] = {
    BatchState.CHECKED: "checked, not approved",
    BatchState.APPROVED: "approved, not started",
    BatchState.RUNNING: "running",
    BatchState.STOPPED: "stopped before the end",
    BatchState.FINISHED: "finished",
    BatchState.REJECTED: "rejected",
}


def count(number: int, noun: str) -> str:
    """The number with its noun, such as "1 row" and "1,000 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def meaning(entry: BatchRow) -> str | None:
    """What the provider's code says of the row, or our own note where it did not say; for a row not sent, nothing."""
    result = entry.result
    if result.status is Status.UNKNOWN:
        return ": ".join(filter(None, [STATUS_MEANINGS[Status.UNKNOWN], result.note]))
    if result.note:
        return result.note
    return codes.meaning(result.code) if result.code is not None or result.status is Status.REFUSED else None


def finding(found: Finding) -> str:
    """A finding with its place and, for one that keeps nothing from being sent, a word that it is only a warning."""
    return finding_in_place(found) if found.is_error else f"{severity(found)}: {finding_in_place(found)}"


def findings(entry: BatchRow, refusal: Refusal | None) -> str:
    """All that was found of a row before it was sent, one finding a line."""
    lines = [finding(found) for found in entry.row.findings]
    if refusal:
        lines.append(would_be_refused(refusal))
    return "\n".join(lines)


def would_be_refused(refusal: Refusal) -> str:
    """What the forecast says of a row."""
    short = f", {euros(refusal.short)} short" if refusal.short else ""
    return f"Would be refused: {codes.meaning(refusal.code)}{short}."


def reason(entry: BatchRow) -> str:
    """Why a row was not done, for the one who corrects it. Cell addresses are left out: they are the old sheet's."""
    if entry.result.status is Status.REFUSED:
        said = f" The provider’s message: “{entry.result.message}”" if entry.result.message else ""
        code = "" if entry.result.code is None else f" (code {entry.result.code})"
        why = f"Refused: {codes.meaning(entry.result.code)}{code}.{said}"
    else:
        why = " ".join(found.message for found in entry.row.findings if found.is_error) or "Invalid."
    return f"Row {entry.row.number}: {why}"


def particulars(data: Mapping[str, object]) -> str:
    """An event's data as a person reads it, nothing left out: "row: 5 · amount: 12.50"."""
    return " · ".join(f"{_words(key)}: {_value(value)}" for key, value in data.items())


def event(kind: str) -> str:
    """An event's kind in words."""
    words = _words(kind)
    return words[:1].upper() + words[1:]


def page(batch: str | None) -> str:
    """What stands at the right of every page's head."""
    return DRY_RUN if batch is None else f"Batch {batch}"


def title(batch: str | None, file_name: str) -> str:
    """The workbook's title."""
    return f"Dry run of {file_name}" if batch is None else f"Credit batch {batch}"


def severity(found: Finding) -> str:
    """A finding's label."""
    return "Error" if found.is_error else "Warning"


def finding_in_place(found: Finding) -> str:
    """A finding of the sheet, after its cell if it has one."""
    return f"{found.cell}: {found.message}" if found.cell else found.message


def further(number: int) -> str:
    """How many findings are not shown."""
    return f"and {number:,} more"


def lowest_at(row: int | None) -> str:
    """When the main balance would be at its lowest."""
    return "at the start" if row is None else f"after row {row:,}"


def subaccounts_note(differences: Sequence[Decimal]) -> str:
    """How many sub-accounts' books do not balance."""
    differing = sum(bool(difference) for difference in differences)
    return f"Added up; not zero for {differing:,} of {count(len(differences), 'sub-account')} (see “{BALANCES}”)"


def file_size(size: int) -> str:
    """A file's size in bytes."""
    return count(size, "byte")


def _words(key: str) -> str:
    return key.replace("_", " ").replace("-", " ").strip()


def _value(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_words(str(key))}: {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return f"{value:f}" if isinstance(value, Decimal) and value.is_finite() else str(value)
