"""Start, stop, resume and decide: what people do to a batch, and the files that they take away."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import tempfile
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST

from batch.errors import AccountInUse, LedgerError, SettingsError, UsageError
from batch.evidence.gather import find_flaw, write_evidence
from batch.evidence.seal import record_file, sign_record
from batch.evidence.signature import load_signing_key
from batch.export import write_batch
from batch.i18n import _, format_moment
from batch.ledger.orm.store import DatabaseLedger
from batch.model import BatchState, BatchView
from batch.planning.reconciliation import has_open_alarm
from batch.report.journal import name_journal, write_entries
from batch.report.journal_settings import load_journal_settings
from batch.runner.numbering import make_journal
from batch.runner.open_account import abandon, hold_batch
from batch.settings import load_environment
from batch.web.access import Role, get_person, require_role, tell_refusals
from batch.web.audit import Occasion, notify, record
from batch.web.batches import jobs
from batch.web.batches.deciding import DecisionStep, decide_or_propose
from batch.web.batches.jobs import find_state
from batch.web.batches.views import require_line
from batch.web.confirming import require_recent_confirmation
from batch.web.credentials import load_provider_settings
from batch.web.drafts.approval_policy import Options
from batch.web.drafts.approvals import find_approval_lapse, send_back
from batch.web.drafts.checking import create_draft, save_file
from batch.web.drafts.conventions import SheetReading
from batch.web.models import Draft, DraftState, Version
from batch.zone import get_zone, localize

_log = logging.getLogger("creditbatch.web")

_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "fec": "text/plain; charset=iso-8859-15",
    "entries": "text/csv; charset=utf-8",
    "evidence": "application/zip",
}
_LAYOUTS = {"fec": "fec", "entries": "csv"}
"""What `creditbatch journal --format` calls the kinds that are accounting entries."""


@require_role(Role.VIEWER)
def download_file(request: HttpRequest, batch: str, kind: str) -> HttpResponseBase:
    """Offer a file, made anew from the ledger so that it says what is true now."""
    if kind not in _TYPES:
        raise Http404
    require_line(batch)
    if kind == "evidence":
        return _offer_evidence(request, batch)
    if kind in _LAYOUTS:
        return tell_refusals("batch")(partial(_offer_journal, kind=kind))(request, batch)
    ledger = DatabaseLedger()
    if kind in {"xlsx", "pdf"}:
        _sign(ledger, batch)
    view = ledger.view(batch)
    written_at = timezone.now()
    name, data = _write_file(view, f"{batch}.{kind}", written_at)
    _record_file(ledger, batch, name, data, len(view.events), written_at)
    return _offer_file(request, batch, kind, name, data)


def _offer_journal(request: HttpRequest, batch: str, *, kind: str) -> HttpResponseBase:
    """Offer the accounting entries, as `creditbatch journal` writes them; of two fiscal years in one archive."""
    ledger, layout = DatabaseLedger(), _LAYOUTS[kind]
    accounts = load_journal_settings(load_environment(os.environ, Path.cwd()))
    journal = make_journal(ledger, ledger.view(batch), accounts, timezone.now)
    files: dict[str, bytes] = {}
    for closes_on, entries in journal.years.items():
        file = io.BytesIO()
        write_entries(file, layout, entries, accounts)
        name = name_journal(batch, layout, accounts, closes_on, is_alone=len(journal.years) == 1)
        files[name] = file.getvalue()
        _record_file(ledger, batch, name, files[name], len(journal.view.events), timezone.now())
    for remark in journal.remarks:
        messages.info(request, remark)
    if len(files) == 1:
        [(name, data)] = files.items()
        return _offer_file(request, batch, kind, name, data)
    archive = io.BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as both:
        for name, data in files.items():
            both.writestr(name, data)
    return _offer_file(request, batch, kind, f"{batch}-{layout}.zip", archive.getvalue())


@tell_refusals("batch")
def _offer_evidence(request: HttpRequest, batch: str) -> HttpResponseBase:
    """Offer all that proves the batch in one archive, if its record is whole and nobody works on it."""
    if jobs.find_active_job(batch=batch):
        raise UsageError(_("The batch is running: its evidence can be had once it has stopped."))
    ledger, settings, now = DatabaseLedger(), load_provider_settings(), timezone.now
    flaw = find_flaw(ledger, settings, batch)
    if flaw is not None:
        raise UsageError(flaw)
    key = load_signing_key(settings.home, settings.signing_key_file)
    with tempfile.TemporaryDirectory(prefix="creditbatch-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / f"{batch}-evidence.zip"
        with hold_batch(ledger, batch, now):
            write_evidence(ledger, batch, path, key, settings.timestamp_url, now)
        data = path.read_bytes()
    return _offer_file(request, batch, "evidence", path.name, data)


def _offer_file(request: HttpRequest, batch: str, kind: str, name: str, data: bytes) -> HttpResponseBase:
    record(request, "batch.downloaded", batch, kind=kind)
    content_type = "application/zip" if name.endswith(".zip") else _TYPES[kind]
    return FileResponse(io.BytesIO(data), as_attachment=True, filename=name, content_type=content_type)


def _sign(ledger: DatabaseLedger, batch: str) -> None:
    """Sign the record, for the report to print; while a worker writes to it, or without a key, it is as it is."""
    try:
        settings = load_provider_settings()
        key = load_signing_key(settings.home, settings.signing_key_file)
        with hold_batch(ledger, batch, timezone.now):
            sign_record(ledger, batch, key, timezone.now)
    except AccountInUse:
        pass
    except (LedgerError, SettingsError) as error:
        _log.warning("the record of batch %s was not signed: %s", batch, error)


def _record_file(ledger: DatabaseLedger, batch: str, name: str, data: bytes, events: int, written_at: datetime) -> None:
    """Record a file that is handed out; while a worker writes to the ledger none is: the file is right all the same.

    The account is not held while the file is made, which may take long, and a run may be about to start.
    """
    try:
        with hold_batch(ledger, batch, timezone.now):
            record_file(ledger, batch, name, hashlib.sha256(data).hexdigest(), events, written_at)
    except AccountInUse:
        pass
    except LedgerError as error:
        _log.warning("a file of batch %s is not recorded: %s", batch, error)


def _write_file(view: BatchView, name: str, written_at: datetime) -> tuple[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="creditbatch-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / name
        write_batch(path, view, written_at)
        return name, path.read_bytes()


_LATEST_START = timedelta(days=62)
_SHORTEST_REASON = 3
_LONGEST_REASON = 1000


@require_POST
@require_role(Role.APPROVER)
@require_recent_confirmation
@tell_refusals("draft")
def start(request: HttpRequest, draft: UUID) -> HttpResponseBase:
    """Start an approved draft at once, or at the time that the form names (this machine's zone)."""
    asked = get_object_or_404(Draft, id=draft)
    due_at = _parse_start_time(request.POST.get("when", ""))
    version = Version.objects.get(draft=asked, number=asked.version)
    if asked.state == DraftState.APPROVED and (lapsed := find_approval_lapse(asked, version)):
        send_back(asked, version)
        record(request, "draft.sent_back", str(draft))
        raise UsageError(lapsed)
    jobs.ask_to_start(asked, get_person(request), due_at)
    record(request, "draft.started", str(draft), due_at=due_at.isoformat())
    if due_at > timezone.now():
        when = format_moment(localize(due_at))
        messages.success(request, _("It will start on {when}.").format(when=when))
    else:
        messages.success(request, _("It is starting; this page shows it in a moment."))
    return redirect("draft", draft)


@require_POST
@require_role(Role.APPROVER)
def unschedule(request: HttpRequest, draft: UUID) -> HttpResponseBase:
    """Take back a start that has not come yet."""
    job = jobs.find_active_job(draft=get_object_or_404(Draft, id=draft))
    if job is not None and jobs.withdraw(job):
        record(request, "draft.unscheduled", str(draft))
        messages.success(request, _("It will not start by itself any more."))
    else:
        messages.error(request, _("It has started already, or somebody else took it back."))
    return redirect("draft", draft)


@require_POST
@require_role(Role.APPROVER)
def stop(request: HttpRequest, batch: str) -> HttpResponseBase:
    """Let the run end after the row under way."""
    require_line(batch)
    job = jobs.find_active_job(batch=batch)
    if job is not None and jobs.ask_to_stop(job, get_person(request)):
        record(request, "batch.stopped", batch)
        messages.success(request, _("It stops after the row under way."))
    else:
        messages.info(request, _("It is stopping already, or it has ended."))
    return redirect("batch", batch)


@require_POST
@require_role(Role.APPROVER)
@require_recent_confirmation
@tell_refusals("batch")
def resume(request: HttpRequest, batch: str) -> HttpResponseBase:
    """Carry a stopped or interrupted batch on."""
    head = require_line(batch).head
    if find_state(head, jobs.find_active_job(batch=batch)) not in {BatchState.STOPPED, BatchState.APPROVED}:
        messages.info(request, _("This batch is running or has ended: there is nothing to go on with."))
        return redirect("batch", batch)
    jobs.ask_to_resume(batch, Draft.objects.filter(batch=batch).first(), get_person(request))
    record(request, "batch.resumed", batch)
    messages.success(request, _("It goes on in a moment."))
    return redirect("batch", batch)


@require_POST
@require_role(Role.APPROVER)
@require_recent_confirmation
@tell_refusals("batch-row")
def decide_row(request: HttpRequest, batch: str, row: int) -> HttpResponseBase:
    """Record what a person found out about a row in doubt, with the reason."""
    require_line(batch)
    choice, why = request.POST.get("choice", ""), request.POST.get("why", "").strip()
    if choice not in {"applied", "not-applied"} or not _SHORTEST_REASON <= len(why) <= _LONGEST_REASON:
        raise UsageError(_("Say how you found out, in a few words, and press one of the two buttons."))
    if jobs.find_active_job(batch=batch):
        raise UsageError(_("The batch is running: what is in doubt can be decided once it has stopped."))
    step = decide_or_propose(batch, row, get_person(request), applied=choice == "applied", why=why)
    if step is DecisionStep.DECIDED:
        record(request, "batch.decided", batch, row=row, choice=choice, why=why)
        messages.success(request, _("Your decision is recorded; the batch can go on."))
        return redirect("batch", batch)
    record(request, "batch.proposed", batch, row=row, choice=choice, why=why, drops_first=step is DecisionStep.DIFFERED)
    if step is DecisionStep.DIFFERED:
        sentence = _(
            "The first decision said otherwise, so it is dropped. Yours is kept until another approver agrees to it."
        )
        messages.warning(request, sentence)
    else:
        messages.success(request, _("An amount is above a limit: your decision is kept until another approver agrees."))
    notify(Occasion.NEEDS_DECISION, batch=batch, reason=lambda: _("One person has decided; a second has to agree."))
    return redirect("batch-row", batch, row)


@require_POST
@require_role(Role.APPROVER)
@require_recent_confirmation
@tell_refusals("batch")
def abandon_batch(request: HttpRequest, batch: str) -> HttpResponseBase:
    """End a batch that was begun: what it has not sent never will be by it."""
    require_line(batch)
    why = request.POST.get("why", "").strip()[:_LONGEST_REASON]
    if len(why) < _SHORTEST_REASON:
        raise UsageError(_("Say in a few words why the batch is given up: the reason is kept with it."))
    if jobs.find_active_job(batch=batch):
        raise UsageError(_("The batch is running: stop it before you give it up."))
    abandon(DatabaseLedger(), batch, who=str(get_person(request)), why=why, now=timezone.now)
    record(request, "batch.abandoned", batch, why=why)
    messages.success(request, _("The batch was given up; what it had not sent is not sent any more."))
    return redirect("batch", batch)


@require_role(Role.PREPARER)
def send_again(request: HttpRequest, batch: str) -> HttpResponseBase:
    """Ask whether to make a new draft of what is not done; then make it."""
    line = require_line(batch)
    if request.method != "POST":
        is_alarming = has_open_alarm(DatabaseLedger().view(batch))
        context = {"section": "history", "head": line.head, "tally": line.tally, "is_alarming": is_alarming}
        return render(request, "web/batches/again.html", context)
    return _make_rest_draft(request, batch)


@tell_refusals("batch")
def _make_rest_draft(request: HttpRequest, batch: str) -> HttpResponseBase:
    """Make a checked draft of the report’s *To fix*: nothing that the batch did is sent again.

    The form's `why` is what somebody found out about balances that nothing explains.
    """
    why = request.POST.get("why", "").strip()[:_LONGEST_REASON]
    reading = SheetReading(save_file(*_write_file(DatabaseLedger().view(batch), f"{batch}.xlsx", timezone.now())))
    options = Options(again=bool(why), why=why)
    draft = create_draft(reading, options, get_person(request), made_by="rest", rest_of=batch).draft
    record(request, "draft.made_of_rest", str(draft.id), batch=batch)
    return redirect("draft", draft.id)


def _parse_start_time(text: str) -> datetime:
    """Read the time of the form; empty is now. `UsageError` for what is no time, past, or too far off."""
    now = timezone.now()
    if not text.strip():
        return now
    try:
        local = parse_datetime(text.strip())
    except ValueError:
        local = None
    if local is None:
        raise UsageError(_("The time of the start cannot be read: choose it in the calendar."))
    # Without a zone it is a time of the zone that every page shows.
    due_at = local if local.tzinfo else local.replace(tzinfo=get_zone())
    if not now - timedelta(minutes=1) <= due_at <= now + _LATEST_START:
        raise UsageError(_("The time of the start must be ahead of us, and within the next two months."))
    return due_at
