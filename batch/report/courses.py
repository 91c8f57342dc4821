"""The course of each sub-account that a row names: from the books of a batch, or from what a dry run foresees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from batch.model import Direction
from batch.report.contents import Contents


@dataclass(frozen=True, slots=True)
class Course:
    """One sub-account's line. A dry run has no final balance; what was not asked is None."""

    token: str
    opening: Decimal | None
    added: Decimal
    removed: Decimal
    expected: Decimal | None
    final: Decimal | None = None
    difference: Decimal | None = None


def courses(contents: Contents) -> list[Course]:
    """One line a sub-account, the largest movements first, and else in the order in which the rows name them."""
    return sorted(_courses(contents), key=lambda course: -max(course.added, course.removed))


def _courses(contents: Contents) -> Iterator[Course]:
    """The lines: from the books of a batch, from the forecast of a dry run, or just from what a dry run's rows say."""
    if not contents.is_dry_run:
        for token, book in contents.books.subaccounts.items():
            yield Course(token, book.opening, book.received, book.given, book.expected, book.closing, book.difference)
    elif contents.forecast:
        touched = ((token, course) for token, course in contents.forecast.subaccounts.items() if course.is_touched)
        for token, course in touched:
            yield Course(token, course.before, course.added, course.removed, course.after)
    else:
        for token, moved in contents.planned.items():
            yield Course(token, None, moved[Direction.ADD], moved[Direction.REMOVE], None)
