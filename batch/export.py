"""Turn what was checked and done into JSON, and write it to the files that were asked for."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from batch import __version__
from batch.errors import UsageError
from batch.files import Record, open_whole_file
from batch.i18n import Language, _, get_language, use_language
from batch.ledger.events import KINDS, FileWritten
from batch.ledger.protocol import BatchLine, Ledger
from batch.ledger.replay import pick_events
from batch.model import BatchHead, BatchRow, BatchView, Cell, Status, SubAccount, Tally
from batch.money import CURRENCY, ZERO, drop_binary_digits, encode_amount, encode_balance
from batch.notes import tell
from batch.planning.plan import Forecast
from batch.report.agreements import encode_controls, encode_decisions, encode_options
from batch.report.columns import COLUMNS, convert_finding, name_columns
from batch.report.journal import Entry
from batch.report.result_labels import explain_code, predict_code
from batch.report.verdict import Contents, judge_contents
from batch.runner.dry_run import DryRun
from batch.settings import read_choices
from batch.zone import localize, name_zone

Document = dict[str, Any]
SCHEMA_VERSION = 1
"""Of every document that is an object. It stays the same where a key is added, not where one goes or means another."""
_ROWS_AT_ONCE = 500


def make_batch_document(view: BatchView, report: str | None, written_at: datetime | None = None) -> Document:
    """Make what `run`, `resume` and `show` print; `report` is the workbook's path, None if none was written.

    Only in a file does it say when it was written: what is printed is the same each time.
    """
    after = view.head.closing.main if view.head.closing else _find_last_balance(view)
    contents = Contents(view, None, written_at)
    books = _encode_books(contents)
    return _make_document(contents, contents.tally, after, report, {"books": books}, {})


def make_dry_run_document(dry_run: DryRun, report: str | None) -> Document:
    """Make what `check` prints, and a `run` that did not start. Totals are what would be added and removed."""
    forecast, is_offline = dry_run.forecast, dry_run.account is None
    contents = Contents(dry_run.view, forecast, dry_run.at)
    planned = Tally(contents.tally.rows, dry_run.plan.added, dry_run.plan.removed)
    asked = {"offline": is_offline, "not_checked": ["tokens", "forecast"] if is_offline else []}
    foreseen = _encode_forecast(forecast, removes_first=dry_run.removes_first) if forecast else None
    after = forecast.after if forecast else None
    return _make_document(contents, planned, after, report, asked, {"forecast": foreseen})


def _make_document(
    contents: Contents, counted: Tally, after: Decimal | None, report: str | None, before: Document, behind: Document
) -> Document:
    """Make the document with what only one of the two has, before the findings and behind them."""
    view, judged = contents.view, judge_contents(contents)
    people = view.head.people
    encode_row = partial(_encode_row, _name_cells(view.columns))
    return {
        "schema_version": SCHEMA_VERSION,
        **_encode_head(view.head, counted, after),
        "report": report,
        "tip": {"events": len(view.events), "hash": view.events[-1].hash} if view.events else None,
        "version": __version__,
        "language": get_language().value,
        "zone": name_zone(),
        "written_at": localize(contents.written_at).isoformat(timespec="milliseconds") if contents.written_at else None,
        "verdict": {"mood": judged.mood.value, "sentence": judged.sentence, "reason": judged.reason or None},
        "people": {
            "prepared": people.prepared,
            "approved": list(people.approved),
            "run": list(people.run),
            "abandoned": people.abandoned,
        },
        "options": encode_options(view),
        "controls": encode_controls(view),
        "decisions": encode_decisions(view),
        **before,
        "findings": [convert_finding(finding) for finding in view.findings],
        **behind,
        "rows": map(encode_row, view.rows),
    }


def stream_json(document: Any) -> Iterator[str]:
    """Write the document as JSON, its `rows` some at a time, unless they are a number or none.

    ASCII, so that no console's encoding can harm it.
    """
    has_rows = isinstance(document, dict) and not isinstance(document.get("rows"), int | None)
    rows = document.pop("rows", None) if has_rows else None
    text = json.dumps(document)
    if rows is None:
        yield text
    else:
        yield text[:-1] + ', "rows": ['
        before, following = "", iter(rows)
        while piece := list(islice(following, _ROWS_AT_ONCE)):
            yield before + json.dumps(piece)[1:-1]
            before = ", "
        yield "]}"
    yield "\n"


def make_line_document(line: BatchLine) -> Document:
    """Make one entry of what `batches` prints."""
    after = line.head.closing.main if line.head.closing else None
    return _encode_head(line.head, line.tally, after)


def make_accounts_document(name: str, main: Decimal, subaccounts: Sequence[SubAccount]) -> Document:
    """Make what `accounts` prints."""
    return {
        "schema_version": SCHEMA_VERSION,
        "account": name,
        "currency": CURRENCY,
        "main_balance": encode_balance(main),
        "subaccounts": [
            {
                "token": account.token,
                "email": account.email,
                "type": account.kind,
                "balance": encode_balance(account.balance),
            }
            for account in subaccounts
        ],
    }


def make_entries_document(path: Path, closes_on: date, entries: Sequence[Entry]) -> Document:
    """Make what `journal` prints of the file of a fiscal year; its entries are in the order of their numbers."""
    lines = [line for entry in entries for line in entry.lines]
    return {
        "path": str(path),
        "fiscal_year_end": closes_on.isoformat(),
        "entries": len(entries),
        "first": entries[0].number if entries else None,
        "last": entries[-1].number if entries else None,
        "debit": encode_amount(sum((line.debit for line in lines), ZERO)),
        "credit": encode_amount(sum((line.credit for line in lines), ZERO)),
    }


def make_journal_document(batch: str, layout: str, files: Sequence[Document], *, is_validated: bool) -> Document:
    """Make what `journal` prints of the files that it wrote."""
    return {
        "schema_version": SCHEMA_VERSION,
        "batch": batch,
        "format": layout,
        "validated": is_validated,
        "files": list(files),
    }


def make_error_document(code: str, message: str) -> Document:
    """Make what any command prints that could not start, or has no result to show."""
    return {"schema_version": SCHEMA_VERSION, "error": {"code": code, "message": message}}


def _encode_head(head: BatchHead, counted: Tally, after: Decimal | None) -> Document:
    source = head.source
    return {
        "batch": head.batch,
        "state": head.state.value,
        "reason": tell(head.reason) or None,
        "currency": CURRENCY,
        "counts": {status.value: counted.rows[status] for status in _COUNTED},
        "totals": {"added": encode_amount(counted.added), "removed": encode_amount(counted.removed)},
        "main_balance": {
            "before": _encode_if_read(head.opening.main if head.opening else None),
            "after": _encode_if_read(after),
        },
        "digest": head.digest,
        "file": {"name": source.file_name, "sha256": source.sha256, "size": source.size, "sheet": source.sheet},
        "account": head.account,
        "period": read_choices(head.options).period,
        "created_at": localize(head.created_at).isoformat(timespec="seconds"),
        "ended_at": localize(head.ended_at).isoformat(timespec="seconds") if head.ended_at else None,
    }


_COUNTED = (Status.DONE, Status.REFUSED, Status.INVALID, Status.UNKNOWN, Status.PENDING)


def _name_cells(titles: Sequence[str]) -> list[str]:
    """Name the accountant's columns for a script, which is not to depend on the language."""
    with use_language(Language.ENGLISH):
        return name_columns(titles, [])


def _encode_cell(value: Cell) -> str | bool | None:
    """Write a cell: a number as text with all digits that Excel keeps, a day as in ISO 8601, a truth value as one."""
    match value:
        case datetime():
            return value.isoformat()
        case Decimal() if value.is_finite():
            return f"{drop_binary_digits(value):f}"
        case Decimal():
            return str(value)
    return value


def _encode_row(names: Sequence[str], entry: BatchRow) -> Document:
    row = entry.row
    return {
        "row": row.number,
        "token": row.token,
        "direction": row.direction,
        "amount": None if row.amount is None else encode_amount(row.amount),
        **{item.json_name: item.write_json(entry) for item in COLUMNS if item.json_name},
        "cells": dict(zip(names, map(_encode_cell, row.cells), strict=False)),
    }


def _encode_forecast(forecast: Forecast, *, removes_first: bool) -> Document:
    return {
        "passes": forecast.passes,
        "main_balance": {
            "before": encode_balance(forecast.before),
            "after": encode_balance(forecast.after),
            "lowest": encode_balance(forecast.lowest),
            "lowest_row": forecast.lowest_row,
        },
        "top_up": encode_amount(forecast.top_up),
        "removes_first": removes_first,
        "removes_first_helps": forecast.removes_first_helps,
        "refusals": [
            {
                "row": refusal.row,
                "token": refusal.token,
                "code": predict_code(refusal),
                "meaning": explain_code(predict_code(refusal)),
                "short": encode_amount(refusal.short),
            }
            for refusal in forecast.refusals
        ],
        "subaccounts": [
            {
                "token": token,
                "before": _encode_if_read(course.before),
                "added": encode_amount(course.added),
                "removed": encode_amount(course.removed),
                "after": _encode_if_read(course.after),
            }
            for token, course in forecast.subaccounts.items()
        ],
    }


def _encode_books(contents: Contents) -> Document:
    """Say of each account what it holds at the end less what was expected, None where not read; and what is too much
    of either: more than a cent above, or less by more than the tolerance.
    """
    books, tolerance = contents.books, read_choices(contents.view.head.options).tolerance
    return {
        "main_difference": _encode_if_read(books.main.difference),
        "subaccount_differences": {
            token: _encode_if_read(book.difference) for token, book in books.subaccounts.items()
        },
        "together": _encode_if_read(books.difference),
        "alarm": ["main" if token is None else token for token in books.enriched],
        "short": ["main" if token is None else token for token in books.find_short_accounts(tolerance)],
    }


def _find_last_balance(view: BatchView) -> Decimal | None:
    """Find the main balance of the newest answer, for a batch whose closing balances could not be read."""
    results = (entry.result for entry in view.rows)
    answers = [(it.at, it.main_balance) for it in results if it.at is not None and it.main_balance is not None]
    # Of those of one moment the last, as `max` returns the first.
    return max(reversed(answers), key=itemgetter(0))[1] if answers else None


def _encode_if_read(balance: Decimal | None) -> str | None:
    return None if balance is None else encode_balance(balance)


SUFFIXES = (".xlsx", ".csv", ".json", ".pdf")


def refuse_other_suffixes(path: Path) -> None:
    """Raise `UsageError` unless the file's name says what it is to be."""
    if path.suffix.lower() not in SUFFIXES:
        sentence = _("It is not clear what {path} is to be: give it a name that ends in .xlsx, .csv, .json or .pdf.")
        raise UsageError(sentence.format(path=path))


def refuse_replacing(out: Path, *, force: bool, option: str = "--out", sheet: Path | None = None) -> None:
    """Raise `UsageError` where the file is there already, unless it is to be replaced; the sheet itself never is."""
    if sheet is not None and _is_same_file(out, sheet):
        raise UsageError(_("{option} would replace the sheet itself: choose another name.").format(option=option))
    if os.path.lexists(out) and not force:
        sentence = _("{path} is there already: choose another name with {option}, or replace it with --force.")
        raise UsageError(sentence.format(path=out, option=option))


def refuse_replacing_of_batch(ledger: Ledger, batch: str, out: Path, *, force: bool) -> None:
    """Raise `UsageError` where a file is there that was not written for the batch, as the ledger has recorded it,
    unless it is to be replaced; the batch's sheet never is.
    """
    if not os.path.lexists(out):
        return
    sha256 = _compute_sha256(out)
    if sha256 == ledger.read_head(batch).source.sha256:
        raise UsageError(_("{option} would replace the sheet itself: choose another name.").format(option="--out"))
    if force or (sha256 is not None and _has_written(ledger, batch, sha256)):
        return
    sentence = _(
        "{path} is there already, and not as it was written for batch {batch}: choose another name with --out, or "
        "replace it with --force."
    )
    raise UsageError(sentence.format(path=out, batch=batch))


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _has_written(ledger: Ledger, batch: str, sha256: str) -> bool:
    written = pick_events(ledger.view_events(batch), KINDS[FileWritten])
    return any(event.data.get("sha256") == sha256 for event in written)


def _compute_sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def write_batch(path: Path, view: BatchView, written_at: datetime, record: Record | None = None) -> None:
    """Write what has become of a batch; `ReportError` if it cannot be. `record` is as for `open_whole_file`."""
    contents = Contents(view, None, written_at)
    _write_document(path, contents, lambda: make_batch_document(view, str(path), written_at), record)


def write_dry_run(path: Path, checked: DryRun) -> None:
    """Write what the checks say of a sheet, and the forecast; `ReportError` if it cannot be."""
    contents = Contents(checked.view, checked.forecast, checked.at)
    _write_document(path, contents, lambda: make_dry_run_document(checked, str(path)), None)


def _write_document(path: Path, contents: Contents, document: Callable[[], Document], record: Record | None) -> None:
    refuse_other_suffixes(path)
    match path.suffix.lower():
        case ".json":
            with open_whole_file(path, record) as file:
                file.writelines(piece.encode() for piece in stream_json(document()))
        case ".csv":
            from batch.files import write_csv
            from batch.report.rows_sheet import format_rows

            with open_whole_file(path, record) as file:
                write_csv(file, format_rows(contents))
        case ".pdf":
            from batch.report.paper import write_paper

            write_paper(path, contents, record)
        case _:
            from batch.report.workbook import write_report

            write_report(path, contents, record)
