"""The versions of a draft: what the database keeps of a check, and what is different from the version before."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, zip_longest
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

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
from batch.runner.dry_run import DryRun
from batch.web.drafts.approval_policy import Options, digest_screen, make_screen
from batch.web.drafts.conventions import SheetReading
from batch.web.models import Draft, DraftAccount, DraftMark, DraftRow, DraftState, Person, Version

MOST_SHOWN = 100  # rows of each kind that are kept to be shown; all are counted


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A row of a version as the database keeps it: its number and its cells."""

    row: int
    cells: tuple[Any, ...]  # as JSON keeps them
    token: str | None

    @property
    def content(self) -> str:
        """The same for rows that say the same, whatever their numbers and the blanks behind them."""
        cells = list(self.cells)
        while cells and cells[-1] in (None, ""):
            cells.pop()
        return repr(cells)


def compare_rows(before: Sequence[VersionRow], after: Iterable[VersionRow]) -> dict[str, Any]:
    """Compare two versions: rows that say the same drop out, the others are paired by their number or else token.

    All are counted, and the first of each kind given: an added or removed row as {"row", "cells"}, a changed one as
    {"row", "was", "cells": [[column, before, after], …]}.
    """
    gone, come = _drop_equal_rows(before, after)
    pairs, removed, added = _pair_rows(gone, come)
    return {
        "added": len(added),
        "removed": len(removed),
        "changed": len(pairs),
        "rows_added": [{"row": line.row, "cells": list(line.cells)} for line in added[:MOST_SHOWN]],
        "rows_removed": [{"row": line.row, "cells": list(line.cells)} for line in removed[:MOST_SHOWN]],
        "rows_changed": [
            {"row": new.row, "was": old.row, "cells": _compare_cells(old, new)} for old, new in pairs[:MOST_SHOWN]
        ],
    }


def _drop_equal_rows(
    before: Sequence[VersionRow], after: Iterable[VersionRow]
) -> tuple[list[VersionRow], list[VersionRow]]:
    """Find the rows of each without an equal in the other; of equal ones, as many are matched as both have."""
    stock: dict[str, list[VersionRow]] = defaultdict(list)
    for line in reversed(before):
        stock[line.content].append(line)
    come = []
    for line in after:
        if same := stock.get(line.content):
            same.pop()
        else:
            come.append(line)
    return sorted(chain.from_iterable(stock.values()), key=attrgetter("row")), come


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


def _compare_cells(old: VersionRow, new: VersionRow) -> list[list[Any]]:
    cells = enumerate(zip_longest(old.cells, new.cells))
    return [[column, was, now] for column, (was, now) in cells if was != now]


MOST_POINTS = 240
Point = tuple[int, Decimal]  # how many movements were played, and the main balance after them


def compute_course(plan: Plan, forecast: Forecast) -> list[Point]:
    """Compute the balance before and after each movement; of a long plan, the lowest and highest of each stretch."""
    changes = sign_amounts(plan)
    changes[changes.index.isin([refusal.row for refusal in forecast.refusals])] = 0
    balances = [forecast.before + from_thousandths(change) for change in (0, *changes.cumsum().tolist())]
    points = list(enumerate(balances))
    if len(points) <= MOST_POINTS:
        return points
    stretch = math.ceil(len(points) / (MOST_POINTS // 2 - 1))
    kept = {points[0], points[-1]}
    for start in range(1, len(points) - 1, stretch):
        part = points[start : min(start + stretch, len(points) - 1)]
        kept |= {min(part, key=itemgetter(1)), max(part, key=itemgetter(1))}
    return sorted(kept)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the review tells of a forecast."""

    before: Decimal
    after: Decimal
    lowest: Decimal
    lowest_row: int | None
    refused: int
    first_refused: Sequence[int]  # numbers of the first rows that would be refused
    removes_first_helps: bool
    course: Sequence[Point]
    touched: int  # how many sub-accounts are

    @classmethod
    def from_version(cls, version: Version) -> Foreseen | None:
        """Read what was foreseen of the version; None if the provider could not be asked."""
        kept = version.forecast
        if not kept:
            return None
        euros = {name: from_thousandths(kept[name]) for name in _EUROS}
        course = [(turn, from_thousandths(balance)) for turn, balance in kept["course"]]
        # Older versions kept more.
        return cls(**{**{name: kept[name] for name in cls.__slots__}, **euros, "course": course})


_EUROS = ("before", "after", "lowest")
REFUSED = "would-be-refused"  # the mark of rows that the forecast says would be refused; the code of no finding
_FIRST_ROWS = 5
OPEN = (DraftState.CHECKED, DraftState.APPROVED)  # the states in which a draft may still be changed
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_Table = type[DraftRow | DraftMark | DraftAccount]
_Line = tuple[Value, ...]
_Lines = dict[_Table, list[_Line]]


def change_draft(pk: UUID, number: int, states: Collection[str], **changes: object) -> None:
    """Change a draft in one of these states whose version is still in force, and keep it until the transaction ends;
    `UsageError` if somebody else was quicker.
    """
    mine = Draft.objects.filter(pk=pk, version=number, state__in=states)
    if mine.update(**{"version": number, **changes}) != 1:
        raise UsageError(_("Somebody else has changed this batch meanwhile: look at it again."))


def add_version(
    draft: Draft, reading: SheetReading, dry_run: DryRun, options: Options, person: Person, made_by: str, problem: str
) -> Version:
    """Add the draft's next version, which drops all approvals; `UsageError` if somebody else was quicker.

    `problem` says why the provider could not be asked.
    """
    before = Version.objects.filter(draft=draft, number=draft.version).first()
    changes = _compare_versions(before, dry_run) if before else None
    # Made before the transaction begins: meanwhile nobody else can write.
    said, lines = _make_fields(dry_run, options), _make_lines(dry_run)
    with transaction.atomic():
        change_draft(draft.pk, draft.version, OPEN, version=draft.version + 1, state=DraftState.CHECKED)
        if before:
            _forget_lines(before, _TABLES)
        version = Version.objects.create(
            draft=draft,
            number=draft.version + 1,
            made_by=made_by,
            file=reading.file,
            sheet=dry_run.sheet.source.sheet,
            conventions=reading.conventions.to_json(),
            corrections=[correction.to_json() for correction in reading.corrections],
            options=options.to_json(),
            created_by=person,
            changes=changes,
            problem=problem,
            **said,
        )
        _write_lines(version, lines)
    draft.version, draft.state = version.number, DraftState.CHECKED
    return version


def update_checks(version: Version, dry_run: DryRun) -> bool:
    """Keep newer checks of the version in force. True if an approver has to see it again: approvals are then dropped.

    Where all that has to be seen is the same, so are the rows, and only balances are newer.
    """
    said, lines = _make_fields(dry_run, Options.from_json(version.options)), _make_lines(dry_run)
    is_same = said["screen_digest"] == version.screen_digest
    if is_same:
        lines = {DraftAccount: lines[DraftAccount]}
    with transaction.atomic():
        change_draft(version.draft_id, version.number, OPEN, **({} if is_same else {"state": DraftState.CHECKED}))
        Version.objects.filter(id=version.id).update(**said, problem="")
        if not is_same:
            version.approvals.all().delete()
        _forget_lines(version, lines)
        _write_lines(version, lines)
    version.refresh_from_db()
    return not is_same


def _make_fields(dry_run: DryRun, options: Options) -> dict[str, Any]:
    """Make the fields of a version that say what the checks found."""
    screen, account = make_screen(dry_run), dry_run.account
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
        "opening": account
        and {
            "main": to_thousandths(account.balances.main),
            "at": account.balances.at.isoformat(),
            "account": account.name,
        },
        "checked_at": dry_run.at,
    }


def _count_findings(dry_run: DryRun) -> dict[str, Any]:
    rows = dry_run.sheet.rows
    said: defaultdict[str, list[Finding]] = defaultdict(list)
    for row in rows:
        for code, finding in {found.code: found for found in reversed(row.findings)}.items():
            said[code].append(finding)
    order = sorted(said, key=lambda code: (RULES[code].severity is Severity.WARNING, -len(said[code]), code))
    return {
        "rows": len(rows),
        **{direction.value: dry_run.plan.count(direction) for direction in Direction},
        "codes": [
            {
                "code": code,
                "rows": len(said[code]),
                "first": [finding.cell or str(finding.row) for finding in said[code][:_FIRST_ROWS]],
                "params": dict(said[code][0].params),
            }
            for code in order
        ],
    }


def _make_forecast_json(dry_run: DryRun) -> dict[str, Any] | None:
    """Make what `Foreseen` reads."""
    played = dry_run.forecast
    if played is None:
        return None
    return {
        **{name: to_thousandths(getattr(played, name)) for name in _EUROS},
        "lowest_row": played.lowest_row,
        "refused": len(played.refusals),
        "first_refused": [refusal.row for refusal in played.refusals[:_FIRST_ROWS]],
        "removes_first_helps": played.removes_first_helps,
        "course": [(turn, to_thousandths(balance)) for turn, balance in compute_course(dry_run.plan, played)],
        "touched": sum(account.is_touched for account in played.subaccounts.values()),
    }


_TABLES: dict[_Table, tuple[str, ...]] = {
    DraftRow: ("position", "row", "cells", "findings", "token", "direction", "amount", "status", "refusal", "short"),
    DraftMark: ("code", "position"),
    DraftAccount: ("position", "token", "before", "added", "removed", "after"),
}
"""What is written of each, in this order."""


def _make_lines(dry_run: DryRun) -> _Lines:
    rows, played = dry_run.sheet.rows, dry_run.forecast
    refusals = {refusal.row: refusal for refusal in played.refusals} if played else {}
    return {
        DraftRow: [_make_row(position, row, refusals.get(row.number)) for position, row in enumerate(rows)],
        DraftMark: list(_make_marks(rows, refusals)),
        DraftAccount: list(_make_accounts(played)) if played else [],
    }


def _make_row(position: int, row: SheetRow, refusal: Refusal | None) -> _Line:
    return (
        position,
        row.number,
        _json([encode_cell(cell) for cell in row.cells]),
        _json([encode_finding(finding) for finding in row.findings]) if row.findings else "[]",
        row.token,
        row.direction.value if row.direction else None,
        prepare_euros(row.amount),
        (Status.PENDING if row.is_valid else Status.INVALID).value,
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
        amounts = account.before, account.added, account.removed, account.after
        yield position, token, *map(prepare_euros, amounts)


def _write_lines(version: Version, lines: _Lines) -> None:
    with connection.cursor() as cursor:
        for table, made in lines.items():
            name, columns = f"web_{table.__name__.lower()}", ("version_id", *_TABLES[table])
            add_lines(cursor, name, columns, ((version.pk, *line) for line in made))


def _forget_lines(version: Version, tables: Iterable[_Table]) -> None:
    for table in tables:
        table.objects.filter(version=version).delete()


def _compare_versions(before: Version, dry_run: DryRun) -> dict[str, Any]:
    kept = DraftRow.objects.filter(version=before).order_by("position").values_list("row", "cells", "token")
    lines = [VersionRow(row, tuple(cells), token) for row, cells, token in kept.iterator()]
    rows = dry_run.sheet.rows
    come = (VersionRow(row.number, tuple(encode_cell(cell) for cell in row.cells), row.token) for row in rows)
    return {**compare_rows(lines, come), "columns_changed": before.columns != list(dry_run.sheet.columns)}
