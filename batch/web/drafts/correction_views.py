"""Views that correct a draft: cells, how it is read, what is chosen for the run, the file; and the marked workbook."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batch.annotation import annotate
from batch.errors import CreditbatchError, UsageError
from batch.findings import Finding
from batch.i18n import _
from batch.ledger.events import cell_from_json, finding_from_json
from batch.model import Cell, Source
from batch.model import Role as ColumnRole
from batch.sheet.source_file import Original
from batch.validation.amounts import read_amount
from batch.validation.header import cell_address
from batch.web.access import Role, is_fragment, needs, person_of
from batch.web.audit import record
from batch.web.drafts.approval_policy import Options, Screen, what_changed
from batch.web.drafts.approvals import changed_sentence, draft_in_force, refuse_old, refuse_scheduled, tell_if_ready
from batch.web.drafts.checking import Reading, check_version, limits, received, recheck
from batch.web.drafts.conventions import LONGEST, Correction, conventions_of, options_of, typed
from batch.web.drafts.rows import cell_text, columns_of
from batch.web.drafts.views import attachment
from batch.web.models import Draft, DraftMark, DraftRow, Version


@require_safe
@needs(Role.VIEWER)
def annotated(request: HttpRequest, pk: UUID) -> HttpResponseBase:  # noqa: ARG001 (Django hands it over)
    """Give the accountant's workbook, corrected and marked, to be uploaded again."""
    _draft, version = draft_in_force(pk)
    file = version.file
    name = PurePath(file.name)
    original = Original(file.name, name.suffix.lower(), bytes(file.data))
    source = Source(file.name, file.sha256, file.size, version.sheet)
    corrections = find_corrected_cells(version)
    made = annotate(original, source, findings_of(version), corrections=corrections, limits=limits())
    return attachment(f"{name.stem}-annotated.xlsx", made.data)


def find_corrected_cells(version: Version) -> dict[tuple[int, int], Cell]:
    """Find the corrected cells, by (row as Excel shows it, column from 0): amounts as numbers, all else as typed."""
    amounts = {version.roles.get(role.value) for role in (ColumnRole.AMOUNT, ColumnRole.ADDED, ColumnRole.REMOVED)}
    corrections = (Correction.from_json(kept) for kept in version.corrections)
    return {
        (found.row, found.column): _read_number(found.after) if found.column in amounts else found.after
        for found in corrections
    }


def findings_of(version: Version) -> list[Finding]:
    """Load what the checks said of the version: of its sheet, then of its rows."""
    marked = DraftMark.objects.filter(version=version).values("position")
    rows = DraftRow.objects.filter(version=version, position__in=marked).order_by("position")
    kept = [*version.findings, *chain.from_iterable(rows.values_list("findings", flat=True))]
    return list(map(finding_from_json, kept))


def _read_number(text: str | None) -> Cell:
    """Read the number that a text means; keep the text where that is not certain, or its sign would be lost."""
    reading = read_amount(text)
    if reading.amount is None or reading.sign == "+":
        return text
    return -reading.amount if reading.sign else reading.amount


_KEPT = ("status", "code", "token", "sort", "page")
"""What the address says of the table, to come back to the same rows."""


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.PREPARER)
def cell(request: HttpRequest, pk: UUID, row: int, column: int) -> HttpResponseBase:
    """Show a bad cell to be corrected; sent, check the sheet again with it."""
    draft, version = draft_in_force(pk)
    line = DraftRow.objects.filter(version=version, row=row).first()
    if line is None or column not in version.roles.values():
        raise Http404
    before = cell_from_json(line.cells[column]) if column < len(line.cells) else None
    if request.method != "POST":
        return _cell_form(request, draft, version, line, column, before)
    after = typed(request.POST.get("value", ""))
    if after == before:
        messages.info(request, _("Nothing was changed."))
        return _back(request, draft)
    made = Correction(row, column, before, after, str(person_of(request)), datetime.now(UTC))
    reading = Reading.of(version)
    reading = replace(reading, corrections=(*reading.corrections, made))
    options = Options.from_json(version.options)
    if _changed(request, draft, reading, options, "correction"):
        record(request, "draft.corrected", str(pk), cell=cell_address(column, row), before=str(before), after=after)
        where = cell_address(column, row)
        messages.success(request, _("Cell {cell} was corrected and the sheet checked again.").format(cell=where))
    return _back(request, draft)


@require_POST
@needs(Role.PREPARER)
def reading(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Read the same file in another way: other columns, another sheet, other control totals."""
    draft, version = draft_in_force(pk)
    now = Reading.of(version)
    try:
        conventions = conventions_of(request.POST, now.conventions)
    except UsageError as error:
        messages.error(request, str(error))
        return redirect("draft", pk)
    # Another sheet has other cells: what was corrected in the one before says nothing of it.
    kept = now.corrections if conventions.sheet in {now.conventions.sheet, version.sheet} else ()
    changed = Reading(now.file, replace(conventions, remembered={}), kept)
    remember = "remember" in request.POST
    if _changed(request, draft, changed, Options.from_json(version.options), "reading", remember=remember):
        record(request, "draft.read_anew", str(pk), columns=dict(conventions.columns))
        messages.success(request, _("The sheet was read and checked again."))
    return redirect("draft", pk)


@require_POST
@needs(Role.PREPARER)
def options(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Change what is chosen for the run."""
    draft, version = draft_in_force(pk)
    try:
        chosen = options_of(request.POST)
    except UsageError as error:
        messages.error(request, str(error))
        return redirect("draft", pk)
    if chosen == Options.from_json(version.options):
        messages.info(request, _("Nothing was changed."))
    elif _changed(request, draft, Reading.of(version), chosen, "options"):
        record(request, "draft.options", str(pk), **chosen.to_json())
        messages.success(request, _("Your choice was saved and the sheet checked again."))
    return redirect("draft", pk)


@require_POST
@needs(Role.PREPARER)
def replace_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Put a corrected file in the place of the one before, read in the same way."""
    draft, version = draft_in_force(pk)
    try:
        refuse_old(draft, request.POST)
        file = received(request)
    except CreditbatchError as error:
        messages.error(request, str(error))
        return redirect("draft", pk)
    changed = Reading(file, Reading.of(version).conventions)
    if _changed(request, draft, changed, Options.from_json(version.options), "file"):
        record(request, "draft.file_replaced", str(pk), file=file.name, sha256=file.sha256)
        messages.success(request, _("The corrected file was checked."))
        return redirect("draft-changes", pk, draft.version)
    return redirect("draft", pk)


@require_POST
@needs(Role.PREPARER, Role.APPROVER)
def check(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Check the sheet again with the balances of just now."""
    draft, version = draft_in_force(pk)
    before = Screen.from_json(version.screen)
    try:
        refuse_old(draft, request.POST)
        refuse_scheduled(draft)
        if recheck(version):
            messages.warning(request, changed_sentence(what_changed(before, Screen.from_json(version.screen))))
        else:
            messages.success(request, _("Checked again: what there is to see is the same."))
    except CreditbatchError as error:
        messages.error(request, str(error))
    else:
        record(request, "draft.checked", str(pk))
    return redirect("draft", pk)


def _changed(
    request: HttpRequest, draft: Draft, reading: Reading, options: Options, made_by: str, *, remember: bool = False
) -> bool:
    """Make the next version; False if that was not possible, which a message says."""
    person = person_of(request)
    try:
        refuse_old(draft, request.POST)
        refuse_scheduled(draft)
        version = check_version(draft, reading, options, person, made_by=made_by, remember=remember)
    except CreditbatchError as error:
        messages.error(request, str(error))
        return False
    tell_if_ready(draft, version)
    return True


def _cell_form(
    request: HttpRequest, draft: Draft, version: Version, line: DraftRow, column: int, before: Cell
) -> HttpResponseBase:
    where = cell_address(column, line.row)
    found = [finding_from_json(kept) for kept in line.findings]
    context: dict[str, Any] = {
        "draft": draft,
        "version": version,
        "line": line,
        "column": column,
        "title": columns_of(version)[column],
        "address": where,
        "value": cell_text(before)[:LONGEST],
        "longest": LONGEST,
        "findings": [finding for finding in found if finding.cell == where],
        "back": _back_link(request, draft, line.row),
        "kept": _kept(request.GET),
    }
    return render(request, "web/drafts/_cell.html" if is_fragment(request) else "web/drafts/cell.html", context)


def _back(request: HttpRequest, draft: Draft) -> HttpResponseBase:
    return redirect(_back_link(request, draft, None))


def _back_link(request: HttpRequest, draft: Draft, row: int | None) -> str:
    kept = _kept(request.GET)
    address = reverse("draft", args=[draft.pk])
    return f"{address}{'?' if kept else ''}{kept}#{'rows' if row is None else f'row-{row}'}"


def _kept(given: QueryDict) -> str:
    kept = QueryDict(mutable=True)
    for name in _KEPT:
        if value := given.get(name):
            kept[name] = value[:200]
    return kept.urlencode()
