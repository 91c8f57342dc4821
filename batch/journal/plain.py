"""The entries as a plain table, for people and programs that do not know the French layout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from batch.delimited import decimal_text, harmless
from batch.journal.entries import Entry
from batch.language import _


def entry_lines(entries: Iterable[Entry]) -> Iterator[list[str]]:
    """The titles, and a line for each side of each entry. Days are written as 2026-01-31."""
    yield [
        _("Entry"),
        _("Day"),
        _("Account"),
        _("Account’s label"),
        _("Sub-account"),
        _("Document"),
        _("Text"),
        _("Debit"),
        _("Credit"),
    ]
    for entry in entries:
        for line in entry.lines:
            yield [
                str(entry.number),
                entry.day.isoformat(),
                line.account,
                harmless(line.label),
                line.auxiliary or "",
                harmless(entry.document),
                harmless(entry.text),
                decimal_text(line.debit, 2) if line.debit else "",
                decimal_text(line.credit, 2) if line.credit else "",
            ]
