"""Writing a checked sheet down: as the next version of its draft, or as newer checks of the version in force.

Rows are kept for the version in force only: the versions before it are their file, how it was read and what was
corrected, from which their rows can be read again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from batch.errors import UsageError
from batch.finding_rules import RULES, Severity
from batch.findings import Finding
from batch.language import _
from batch.ledger.events import cell_to_json, finding_to_json
from batch.ledger.orm.mappers import Value, add_lines
from batch.ledger.orm.models import prepare_euros
from batch.model import Direction, SheetRow, Status
from batch.planning.plan import Forecast, Refusal
from batch.report.result_labels import foreseen_code
from batch.runner.dry_run import DryRun
from batch.web.drafts.changes import Changes, Line, changes_between, line_of
from batch.web.drafts.conventions import NOTHING_SAID, Conventions
from batch.web.drafts.corrections import Correction
from batch.web.drafts.course import course
from batch.web.drafts.digest import Options, digest_of, screen_of
from batch.web.drafts.figures import Foreseen, make_opening_json
from batch.web.models import (
    Approval,
    Draft,
    DraftRow,
    DraftState,
    Person,
    StoredFile,
    Version,
)

REFUSED = "would-be-refused"
"""The mark of rows that the forecast says would be refused; the code of no finding."""
_FIRST_ROWS = 5
_PENDING, _INVALID = Status.PENDING.value, Status.INVALID.value
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_Line = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """A sheet as it was just checked, with what the ledger and the provider said."""

    dry_run: DryRun
    problem: str = ""
    """Why the provider could not be asked."""
    conventions: Conventions = NOTHING_SAID
    """How it was read, with what was remembered of columns."""


@dataclass(frozen=True, slots=True)
class Making:
    """How a version came to be."""

    made_by: str
    file: StoredFile
    corrections: tuple[Correction, ...]
    options: Options
    person: Person


def add_version(draft: Draft, checked: Checked, making: Making) -> Version:
    """The next version of the draft, which drops all approvals; `UsageError` if somebody else was quicker."""
    before = Version.objects.filter(draft=draft, number=draft.version).first()
    changes = _changes(before, checked.dry_run) if before else None
    said, lines = _said(checked, making.options), _Lines.of(checked.dry_run)
    with transaction.atomic():
        open_states = (DraftState.CHECKED, DraftState.APPROVED)
        mine = Draft.objects.filter(id=draft.id, version=draft.version, state__in=open_states)
        if mine.update(version=draft.version + 1, state=DraftState.CHECKED) != 1:
            raise UsageError(_("Somebody else has changed this batch meanwhile: look at it again."))
        if before:
            _forget_rows(before)
            before.accounts.all().delete()
        version = Version.objects.create(
            draft=draft,
            number=draft.version + 1,
            made_by=making.made_by,
            file=making.file,
            sheet=checked.dry_run.sheet.source.sheet,
            conventions=checked.conventions.to_json(),
            corrections=[correction.to_json() for correction in making.corrections],
            options=making.options.to_json(),
            created_by=making.person,
            changes=changes.to_json() if changes else None,
            **said,
        )
        lines.write_rows(version)
        lines.write_accounts(version)
    draft.version, draft.state = version.number, DraftState.CHECKED
    return version


def check_again(version: Version, checked: Checked) -> bool:
    """Keep newer checks of the version in force. True if an approver has to see it again: approvals are then dropped.

    Where all that has to be seen is the same, so are the rows, and only balances are newer.
    """
    said, lines = _said(checked, Options.from_json(version.options)), _Lines.of(checked.dry_run)
    is_same = said["screen_digest"] == version.screen_digest
    with transaction.atomic():
        mine = Draft.objects.filter(id=version.draft_id, version=version.number).exclude(
            state__in=(DraftState.STARTED, DraftState.REJECTED)
        )
        after = {} if is_same else {"state": DraftState.CHECKED}
        if mine.update(version=version.number, **after) != 1:
            raise UsageError(_("Somebody else has changed this batch meanwhile: look at it again."))
        Version.objects.filter(id=version.id).update(**said)
        version.accounts.all().delete()
        lines.write_accounts(version)
        if not is_same:
            Approval.objects.filter(version=version).delete()
            _forget_rows(version)
            lines.write_rows(version)
    version.refresh_from_db()
    return not is_same


def _said(checked: Checked, options: Options) -> dict[str, Any]:
    """What the checks say of the sheet as a whole, as the table keeps it."""
    dry_run = checked.dry_run
    screen = screen_of(dry_run)
    return {
        "columns": list(dry_run.sheet.columns),
        "roles": {role.value: column for role, column in dry_run.sheet.roles.items()},
        "findings": [finding_to_json(finding) for finding in dry_run.sheet.findings],
        "plan_digest": dry_run.plan.digest,
        "screen": screen.to_json(),
        "screen_digest": digest_of(screen, options),
        "movements": screen.movements,
        "invalid": screen.invalid,
        "added": screen.added,
        "removed": screen.removed,
        "largest": dry_run.plan.largest,
        "counts": _counts(dry_run),
        "forecast": _forecast(dry_run),
        "opening": make_opening_json(dry_run.account) if dry_run.account else None,
        "problem": checked.problem,
        "checked_at": dry_run.at,
    }


def _counts(dry_run: DryRun) -> dict[str, Any]:
    rows = dry_run.sheet.rows
    number: Counter[str] = Counter()
    first: dict[str, list[Finding]] = {}
    for row in rows:
        for finding in {found.code: found for found in reversed(row.findings)}.values():
            number[finding.code] += 1
            if len(first.setdefault(finding.code, [])) < _FIRST_ROWS:
                first[finding.code].append(finding)
    order = sorted(number, key=lambda code: (_is_warning(code), -number[code], code))
    return {
        "rows": len(rows),
        **{direction.value: dry_run.plan.count(direction) for direction in Direction},
        "codes": [
            {
                "code": code,
                "rows": number[code],
                "first": [finding.cell or str(finding.row) for finding in first[code]],
                "params": dict(first[code][0].params),
            }
            for code in order
        ],
    }


def _is_warning(code: str) -> bool:
    return RULES[code].severity is Severity.WARNING


def _forecast(dry_run: DryRun) -> dict[str, Any] | None:
    played = dry_run.forecast
    if played is None:
        return None
    return Foreseen(
        before=played.before,
        after=played.after,
        lowest=played.lowest,
        lowest_row=played.lowest_row,
        refused=len(played.refusals),
        first_refused=[refusal.row for refusal in played.refusals[:_FIRST_ROWS]],
        removes_first_helps=played.removes_first_helps,
        course=course(dry_run.plan, played),
        touched=sum(account.is_touched for account in played.subaccounts.values()),
    ).to_json()


@dataclass(frozen=True, slots=True)
class _Lines:
    """What is written of a dry run, made before the transaction begins: meanwhile nobody else can write."""

    rows: list[_Line]
    marks: list[_Line]
    accounts: list[_Line]

    @classmethod
    def of(cls, dry_run: DryRun) -> _Lines:
        rows, played = dry_run.sheet.rows, dry_run.forecast
        refusals = {refusal.row: refusal for refusal in played.refusals} if played else {}
        return cls(
            [_row(position, row, refusals.get(row.number)) for position, row in enumerate(rows)],
            list(_marks(rows, refusals)),
            list(_accounts(played)) if played else [],
        )

    def write_rows(self, version: Version) -> None:
        _write("web_draftrow", version, _ROW, self.rows)
        _write("web_draftmark", version, ("code", "position"), self.marks)

    def write_accounts(self, version: Version) -> None:
        _write("web_draftaccount", version, ("position", "token", "before", "added", "removed", "after"), self.accounts)


_ROW = (
    *("position", "row", "cells", "findings", "token", "direction", "amount", "status"),
    *("refusal", "short"),
)


def _row(position: int, row: SheetRow, refusal: Refusal | None) -> _Line:
    return (
        position,
        row.number,
        _json([cell_to_json(cell) for cell in row.cells]),
        _json([finding_to_json(finding) for finding in row.findings]) if row.findings else "[]",
        row.token,
        row.direction.value if row.direction else None,
        prepare_euros(row.amount),
        _PENDING if row.is_valid else _INVALID,
        foreseen_code(refusal) if refusal else None,
        prepare_euros(refusal.short) if refusal else None,
    )


def _marks(rows: Iterable[SheetRow], refusals: Mapping[int, Refusal]) -> Iterator[_Line]:
    for position, row in enumerate(rows):
        for code in dict.fromkeys(finding.code for finding in row.findings):
            yield code, position
        if row.number in refusals:
            yield REFUSED, position


def _accounts(played: Forecast) -> Iterator[_Line]:
    moved = [(token, account) for token, account in played.subaccounts.items() if account.is_touched]
    moved.sort(key=lambda item: -max(item[1].added, item[1].removed))
    for position, (token, account) in enumerate(moved):
        yield (
            position,
            token,
            prepare_euros(account.before),
            prepare_euros(account.added),
            prepare_euros(account.removed),
            prepare_euros(account.after),
        )


def _write(table: str, version: Version, columns: Sequence[str], lines: Iterable[_Line]) -> None:
    with connection.cursor() as cursor:
        add_lines(cursor, table, ("version_id", *columns), ((version.pk, *line) for line in lines))


def _forget_rows(version: Version) -> None:
    version.rows.all().delete()
    version.marks.all().delete()


def _changes(before: Version, dry_run: DryRun) -> Changes:
    kept = DraftRow.objects.filter(version=before).order_by("position")
    lines = (
        Line(row, tuple(cells), token) for row, cells, token in kept.values_list("row", "cells", "token").iterator()
    )
    after = map(line_of, dry_run.sheet.rows)
    return changes_between(lines, after, columns_before=before.columns, columns_after=dry_run.sheet.columns)
