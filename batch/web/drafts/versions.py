"""The versions of a draft: what the database keeps of a check, and what is different from the version before."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from batch.errors import UsageError
from batch.finding_rules import RULES, Severity
from batch.findings import Finding
from batch.frames import Plan
from batch.i18n import _
from batch.ledger.events import encode_cell, encode_finding
from batch.ledger.orm.mappers import Value, add_lines
from batch.ledger.orm.models import prepare_euros
from batch.model import Direction, SheetRow, Status
from batch.money import from_thousandths, to_thousandths
from batch.planning.plan import Forecast, Refusal, sign_amounts
from batch.report.result_labels import predict_code
from batch.runner.dry_run import AccountSnapshot, DryRun
from batch.web.drafts.approval_policy import Options, digest_screen, make_screen
from batch.web.drafts.conventions import NOTHING_SAID, ChosenConventions, Correction
from batch.web.models import (
    Approval,
    Draft,
    DraftRow,
    DraftState,
    Person,
    StoredFile,
    Version,
)

MOST_SHOWN = 100
"""Rows of each kind that are kept to be shown; all are counted."""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A row of a version as the database keeps it: its number and its cells."""

    row: int
    cells: tuple[Any, ...]
    """As JSON keeps them."""
    token: str | None

    @property
    def content(self) -> str:
        """The same for rows that say the same, whatever their numbers and the blanks behind them."""
        cells = list(self.cells)
        while cells and cells[-1] in (None, ""):
            cells.pop()
        return repr(cells)


@dataclass(frozen=True, slots=True)
class Changes:
    """How many rows were added, removed and changed, and the first of each kind.

    An added or removed row is {"row", "cells"}; a changed one {"row", "was", "cells": [[column, before, after], …]}.
    """

    added: int
    removed: int
    changed: int
    rows_added: Sequence[dict[str, Any]]
    rows_removed: Sequence[dict[str, Any]]
    rows_changed: Sequence[dict[str, Any]]
    columns_changed: bool

    def to_json(self) -> dict[str, Any]:
        """Convert them for the database."""
        return asdict(self)


def make_version_row(row: SheetRow) -> VersionRow:
    """Make one of a row that was just read."""
    return VersionRow(row.number, tuple(encode_cell(cell) for cell in row.cells), row.token)


def compare_rows(
    before: Iterable[VersionRow],
    after: Iterable[VersionRow],
    *,
    columns_before: Sequence[str],
    columns_after: Sequence[str],
) -> Changes:
    """Compare two versions: rows that say the same drop out, the others are paired by their number or else token."""
    gone, come = _drop_equal_rows(list(before), list(after))
    pairs, removed, added = _pair_rows(gone, come)
    return Changes(
        added=len(added),
        removed=len(removed),
        changed=len(pairs),
        rows_added=[{"row": line.row, "cells": list(line.cells)} for line in added[:MOST_SHOWN]],
        rows_removed=[{"row": line.row, "cells": list(line.cells)} for line in removed[:MOST_SHOWN]],
        rows_changed=[
            {"row": new.row, "was": old.row, "cells": list(_compare_cells(old, new))} for old, new in pairs[:MOST_SHOWN]
        ],
        columns_changed=list(columns_before) != list(columns_after),
    )


def _drop_equal_rows(
    before: Sequence[VersionRow], after: Sequence[VersionRow]
) -> tuple[list[VersionRow], list[VersionRow]]:
    """Find the rows of each without an equal in the other; of equal ones, as many are matched as both have."""
    stock: dict[str, list[VersionRow]] = defaultdict(list)
    for line in reversed(before):
        stock[line.content].append(line)
    come = []
    for line in after:
        same = stock.get(line.content)
        if same:
            same.pop()
        else:
            come.append(line)
    return sorted((line for lines in stock.values() for line in lines), key=lambda line: line.row), come


def _pair_rows(
    gone: list[VersionRow], come: list[VersionRow]
) -> tuple[list[tuple[VersionRow, VersionRow]], list[VersionRow], list[VersionRow]]:
    by_row = {line.row: line for line in gone}
    by_token: dict[str, list[VersionRow]] = defaultdict(list)
    new_rows = {line.row for line in come}
    for line in reversed(gone):
        if line.token is not None and line.row not in new_rows:
            by_token[line.token].append(line)
    pairs, added, used = [], [], set()
    for line in come:
        old = by_row.get(line.row)
        if old is None and line.token is not None and by_token[line.token]:
            old = by_token[line.token].pop()
        if old is None:
            added.append(line)
        else:
            pairs.append((old, line))
            used.add(old.row)
    return pairs, [line for line in gone if line.row not in used], added


def _compare_cells(old: VersionRow, new: VersionRow) -> Iterator[list[Any]]:
    width = max(len(old.cells), len(new.cells))
    before = [*old.cells, *[None] * (width - len(old.cells))]
    after = [*new.cells, *[None] * (width - len(new.cells))]
    for column, (was, now) in enumerate(zip(before, after, strict=True)):
        if was != now:
            yield [column, was, now]


MOST_POINTS = 240
Point = tuple[int, Decimal]
"""How many movements were played, and the main balance after them."""


def compute_course(plan: Plan, forecast: Forecast) -> list[Point]:
    """Compute the balance before and after each movement; of a long plan, the lowest and highest of each stretch."""
    points = list(_compute_points(plan, forecast))
    return points if len(points) <= MOST_POINTS else list(_thin_points(points))


def _compute_points(plan: Plan, forecast: Forecast) -> Iterator[Point]:
    changes = sign_amounts(plan)
    changes[changes.index.isin([refusal.row for refusal in forecast.refusals])] = 0
    yield 0, forecast.before
    for turn, change in enumerate(changes.cumsum().tolist(), start=1):
        yield turn, forecast.before + from_thousandths(change)


def _thin_points(points: Sequence[Point]) -> Iterator[Point]:
    """Keep the first, the last, and of each stretch its lowest and highest, so that no dip is lost."""
    stretch = -(-len(points) // (MOST_POINTS // 2 - 1))
    yield points[0]
    for start in range(1, len(points) - 1, stretch):
        part = points[start : min(start + stretch, len(points) - 1)]
        lowest, highest = min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])
        yield from sorted({lowest, highest})
    yield points[-1]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the review tells of a forecast."""

    before: Decimal
    after: Decimal
    lowest: Decimal
    lowest_row: int | None
    refused: int
    first_refused: Sequence[int]
    """Numbers of the first rows that would be refused."""
    removes_first_helps: bool
    course: Sequence[Point]
    touched: int
    """How many sub-accounts are."""

    def to_json(self) -> dict[str, Any]:
        """Convert it for the database."""
        course = [(turn, to_thousandths(balance)) for turn, balance in self.course]
        return {**asdict(self), **{name: to_thousandths(getattr(self, name)) for name in _EUROS}, "course": course}

    @classmethod
    def from_version(cls, version: Version) -> Foreseen | None:
        """Read what was foreseen of the version; None if the provider could not be asked."""
        kept = version.forecast
        if not kept:
            return None
        course = [(turn, from_thousandths(balance)) for turn, balance in kept["course"]]
        # Older versions kept more.
        known = {each.name: kept[each.name] for each in fields(cls)}
        return cls(**{**known, **{name: from_thousandths(kept[name]) for name in _EUROS}, "course": course})


_EUROS = ("before", "after", "lowest")


def make_opening_json(account: AccountSnapshot) -> dict[str, Any]:
    """Make what is kept of the account, in thousandths of a euro."""
    balances = account.balances
    return {"main": to_thousandths(balances.main), "at": balances.at.isoformat(), "account": account.name}


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
    conventions: ChosenConventions = NOTHING_SAID
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
    """Add the draft's next version, which drops all approvals; `UsageError` if somebody else was quicker."""
    before = Version.objects.filter(draft=draft, number=draft.version).first()
    changes = _compare_versions(before, checked.dry_run) if before else None
    said, lines = _make_fields(checked, making.options), _Lines.from_dry_run(checked.dry_run)
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


def update_checks(version: Version, checked: Checked) -> bool:
    """Keep newer checks of the version in force. True if an approver has to see it again: approvals are then dropped.

    Where all that has to be seen is the same, so are the rows, and only balances are newer.
    """
    said, lines = _make_fields(checked, Options.from_json(version.options)), _Lines.from_dry_run(checked.dry_run)
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


def _make_fields(checked: Checked, options: Options) -> dict[str, Any]:
    """Make the fields of a version that say what the checks found."""
    dry_run = checked.dry_run
    screen = make_screen(dry_run)
    return {
        "columns": list(dry_run.sheet.columns),
        "roles": {role.value: column for role, column in dry_run.sheet.roles.items()},
        "findings": [encode_finding(finding) for finding in dry_run.sheet.findings],
        "plan_digest": dry_run.plan.digest,
        "screen": screen.to_json(),
        "screen_digest": digest_screen(screen, options),
        "movements": screen.movements,
        "invalid": screen.invalid,
        "added": screen.added,
        "removed": screen.removed,
        "largest": dry_run.plan.largest,
        "counts": _count_findings(dry_run),
        "forecast": _make_forecast_json(dry_run),
        "opening": make_opening_json(dry_run.account) if dry_run.account else None,
        "problem": checked.problem,
        "checked_at": dry_run.at,
    }


def _count_findings(dry_run: DryRun) -> dict[str, Any]:
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


def _make_forecast_json(dry_run: DryRun) -> dict[str, Any] | None:
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
        course=compute_course(dry_run.plan, played),
        touched=sum(account.is_touched for account in played.subaccounts.values()),
    ).to_json()


@dataclass(frozen=True, slots=True)
class _Lines:
    """What is written of a dry run, made before the transaction begins: meanwhile nobody else can write."""

    rows: list[_Line]
    marks: list[_Line]
    accounts: list[_Line]

    @classmethod
    def from_dry_run(cls, dry_run: DryRun) -> _Lines:
        rows, played = dry_run.sheet.rows, dry_run.forecast
        refusals = {refusal.row: refusal for refusal in played.refusals} if played else {}
        return cls(
            [_make_row(position, row, refusals.get(row.number)) for position, row in enumerate(rows)],
            list(_make_marks(rows, refusals)),
            list(_make_accounts(played)) if played else [],
        )

    def write_rows(self, version: Version) -> None:
        _write_lines("web_draftrow", version, _ROW, self.rows)
        _write_lines("web_draftmark", version, ("code", "position"), self.marks)

    def write_accounts(self, version: Version) -> None:
        _write_lines(
            "web_draftaccount", version, ("position", "token", "before", "added", "removed", "after"), self.accounts
        )


_ROW = (
    *("position", "row", "cells", "findings", "token", "direction", "amount", "status"),
    *("refusal", "short"),
)


def _make_row(position: int, row: SheetRow, refusal: Refusal | None) -> _Line:
    return (
        position,
        row.number,
        _json([encode_cell(cell) for cell in row.cells]),
        _json([encode_finding(finding) for finding in row.findings]) if row.findings else "[]",
        row.token,
        row.direction.value if row.direction else None,
        prepare_euros(row.amount),
        _PENDING if row.is_valid else _INVALID,
        predict_code(refusal) if refusal else None,
        prepare_euros(refusal.short) if refusal else None,
    )


def _make_marks(rows: Iterable[SheetRow], refusals: Mapping[int, Refusal]) -> Iterator[_Line]:
    for position, row in enumerate(rows):
        for code in dict.fromkeys(finding.code for finding in row.findings):
            yield code, position
        if row.number in refusals:
            yield REFUSED, position


def _make_accounts(played: Forecast) -> Iterator[_Line]:
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


def _write_lines(table: str, version: Version, columns: Sequence[str], lines: Iterable[_Line]) -> None:
    with connection.cursor() as cursor:
        add_lines(cursor, table, ("version_id", *columns), ((version.pk, *line) for line in lines))


def _forget_rows(version: Version) -> None:
    version.rows.all().delete()
    version.marks.all().delete()


def _compare_versions(before: Version, dry_run: DryRun) -> Changes:
    kept = DraftRow.objects.filter(version=before).order_by("position")
    lines = (
        VersionRow(row, tuple(cells), token)
        for row, cells, token in kept.values_list("row", "cells", "token").iterator()
    )
    after = map(make_version_row, dry_run.sheet.rows)
    return compare_rows(lines, after, columns_before=before.columns, columns_after=dry_run.sheet.columns)
