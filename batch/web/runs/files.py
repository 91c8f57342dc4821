"""A batch as files: the workbook, its data as CSV and JSON, and the accounting entries."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase

from batch.delimited import write_csv
from batch.ledger.orm.store import DatabaseLedger
from batch.model import BatchView
from batch.output import write_batch
from batch.report.journal import entries_of, entry_lines, fec_bytes, file_name
from batch.settings import environment, load_journal_settings
from batch.web.access import Role, needs
from batch.web.audit import record
from batch.web.runs.pages import found_line

_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "fec": "text/plain; charset=iso-8859-15",
    "entries": "text/csv; charset=utf-8",
}


@needs(Role.VIEWER)
def batch_file(request: HttpRequest, batch: str, kind: str) -> HttpResponseBase:
    """Made anew from the ledger, so that it says what is true now."""
    if kind not in _TYPES:
        raise Http404
    found_line(batch)
    view = DatabaseLedger().view(batch)
    name, data = _entries(view, kind) if kind in {"fec", "entries"} else _report(view, f"{batch}.{kind}")
    record(request, "batch.downloaded", batch, kind=kind)
    return FileResponse(io.BytesIO(data), as_attachment=True, filename=name, content_type=_TYPES[kind])


def _report(view: BatchView, name: str) -> tuple[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="creditbatch-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / name
        write_batch(path, view)
        return name, path.read_bytes()


def _entries(view: BatchView, kind: str) -> tuple[str, bytes]:
    """The days are those of whoever books them, as in the names of batches."""
    accounts = load_journal_settings(environment(os.environ, Path.cwd()))
    entries = entries_of(view, accounts, None)
    ended = (view.head.ended_at or view.head.created_at).astimezone().date()
    if kind == "fec":
        return file_name(accounts, ended) or f"{view.head.batch}-fec.txt", b"".join(fec_bytes(entries, accounts))
    file = io.BytesIO()
    write_csv(file, entry_lines(entries))
    return f"{view.head.batch}-journal.csv", file.getvalue()
