"""The site's rules as they hold at a moment: four eyes, and the limits above which two people approve.

What relaxes them holds a day later, so that whoever it takes the say from has a day to see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Min
from django.utils import timezone

from batch.ledger.orm.models import prepare_euros
from batch.money import from_thousandths
from batch.web.models import AuditEntry, Person, SiteSettings

DAY = timedelta(hours=24)
_LIMITS = ("row_limit", "batch_limit")


@dataclass(frozen=True, slots=True)
class AmountLimits:
    """In euros; None is no limit. Only what is above them needs two people."""

    row: Decimal | None = None
    batch: Decimal | None = None

    def is_exceeded(self, largest: Decimal, total: Decimal) -> bool:
        """Tell whether the largest row, or the whole, is above them."""
        return _is_raised(self.row, largest) or _is_raised(self.batch, total)


def _is_raised(before: Decimal | None, after: Decimal | None) -> bool:
    return before is not None and (after is None or after > before)


def _choose_lower(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return min((limit for limit in (one, other) if limit is not None), default=None)


def find_limits(site: SiteSettings, now: datetime) -> AmountLimits:
    """Find the limits that hold: those that were asked for, once their time has come."""
    if site.limits_from is not None and site.limits_from <= now:
        return AmountLimits(site.asked_row_limit, site.asked_batch_limit)
    return AmountLimits(site.row_limit, site.batch_limit)


def find_asked_limits(site: SiteSettings, now: datetime) -> AmountLimits:
    """Find the limits that hold in the end: those that wait for their time, else those that hold."""
    if site.limits_from is not None:
        return AmountLimits(site.asked_row_limit, site.asked_batch_limit)
    return find_limits(site, now)


def is_waiting(site: SiteSettings, now: datetime) -> bool:
    """Tell whether raised limits wait for their time, or for a second administrator."""
    return site.limits_from is not None and site.limits_from > now


def change_limits(site: SiteSettings, wanted: AmountLimits, person: Person, now: datetime, *, is_new: bool) -> None:
    """Change the limits, without saving: at once as far as they are lowered; raised ones hold after a day, or at once
    while the site is new.
    """
    held = find_limits(site, now)
    is_raised = _is_raised(held.row, wanted.row) or _is_raised(held.batch, wanted.batch)
    if is_raised and not is_new:
        if not (is_waiting(site, now) and wanted == find_asked_limits(site, now)):
            site.limits_from, site.limits_by = now + DAY, person
        site.asked_row_limit, site.asked_batch_limit = wanted.row, wanted.batch
        site.row_limit, site.batch_limit = _choose_lower(held.row, wanted.row), _choose_lower(held.batch, wanted.batch)
    else:
        put_in_force(site, wanted)


def put_in_force(site: SiteSettings, wanted: AmountLimits) -> None:
    """Let these limits hold from now on, without saving."""
    site.row_limit, site.batch_limit = wanted.row, wanted.batch
    site.asked_row_limit = site.asked_batch_limit = site.limits_from = site.limits_by = None


def encode_limits(site: SiteSettings, now: datetime) -> dict[str, int | None]:
    """Make what the audit log keeps of the limits: thousandths of a euro."""
    held = find_limits(site, now)
    asked = find_asked_limits(site, now) if is_waiting(site, now) else AmountLimits()
    kept = {"row_limit": held.row, "batch_limit": held.batch}
    kept |= {"asked_row_limit": asked.row, "asked_batch_limit": asked.batch}
    return {name: prepare_euros(limit) for name, limit in kept.items()}


def find_relaxation_start(site: SiteSettings, last_change: datetime | None) -> datetime | None:
    """Find from when four eyes are off for somebody who is alone; None while they are on.

    `last_change` is when somebody was last deactivated, or an approver's role changed: a day later than that, whenever
    they were switched off.
    """
    if site.four_eyes:
        return None
    moments = [site.four_eyes_from, last_change and last_change + DAY]
    return max([moment for moment in moments if moment is not None], default=datetime.min.replace(tzinfo=UTC))


def has_changed_say(particulars: Mapping[str, Any]) -> bool:
    """Tell whether what the audit log has of a changed person deactivated them, or changed an approver's role."""
    return particulars.get("is_active") == [True, False] or "can_approve" in particulars


def find_lowest_limits(held: AmountLimits, changes: Iterable[Mapping[str, Any]]) -> AmountLimits:
    """Find the lowest that the limits were before these changes of them, as the audit log has each, and since."""
    row, batch = held.row, held.batch
    for before in (_read_earlier_limits(change) for change in changes):
        row, batch = _choose_lower(row, before.row), _choose_lower(batch, before.batch)
    return AmountLimits(row, batch)


def _read_earlier_limits(change: Mapping[str, Any]) -> AmountLimits:
    kept = (change.get(name, [None])[0] for name in _LIMITS)
    return AmountLimits(*(None if limit is None else from_thousandths(limit) for limit in kept))


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """What holds now."""

    is_alone: bool
    """Four eyes are off: nobody else can log in, an administrator has said so, and its time has come."""
    limits: AmountLimits
    lowest: AmountLimits
    """What they were at their lowest in the day before: whoever raised them did so just now."""


def load_rules() -> RulesInForce:
    """Load the rules as they hold at this moment."""
    site, now = SiteSettings.load(), timezone.now()
    limits = find_limits(site, now)
    lowest = find_lowest_limits(limits, _list_particulars(now, "settings.changed", "limits.confirmed"))
    relaxed_from = find_relaxation_start(site, find_last_change(now))
    is_alone = relaxed_from is not None and relaxed_from <= now and count_active() == 1
    return RulesInForce(is_alone, limits, lowest)


def count_active() -> int:
    """Count who may log in."""
    return Person.objects.filter(is_active=True).count()


def is_new_site(now: datetime) -> bool:
    """Tell whether the first person came less than a day ago."""
    first = Person.objects.aggregate(first=Min("created_at"))["first"]
    return first is None or now - first < DAY


def find_last_change(now: datetime) -> datetime | None:
    """Find when in the last day somebody was deactivated, or an approver's role changed."""
    changes = _list_entries(now, "person.changed")
    return max((entry.at for entry in changes if has_changed_say(entry.particulars)), default=None)


def _list_entries(now: datetime, *actions: str) -> Iterator[AuditEntry]:
    return AuditEntry.objects.filter(action__in=actions, at__gt=now - DAY).iterator()


def _list_particulars(now: datetime, *actions: str) -> Iterator[Mapping[str, Any]]:
    return (entry.particulars for entry in _list_entries(now, *actions))
