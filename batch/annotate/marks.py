"""What is to be written into the workbook, in words: the marks on cells and the lines of the list of findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from batch.finding_rules import Severity
from batch.findings import Finding
from batch.language import _, ngettext, number
from batch.model import Source
from batch.wording import severity_word

MOST_LINES = 5_000
"""Findings that are written into a workbook: comments take long to write, and nobody reads more."""


@dataclass(frozen=True, slots=True)
class Line:
    """A finding: how bad it is, that in a word, the cell's address (None for the sheet as a whole), the sentence."""

    level: Severity
    severity: str
    cell: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Marks:
    """Everything that is written, already in the reader's language. It crosses to the child process as JSON."""

    sheet: str | None
    lines: tuple[Line, ...]
    tab: str
    title: str
    remarks: tuple[str, ...]
    headings: tuple[str, str, str]
    whole_sheet: str
    back: str
    """What a comment says of the way back to the list, with the cell that leads there as {cell}."""

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Marks:
        """What `to_json` gave."""
        lines = tuple(Line(**{**line, "level": Severity(line["level"])}) for line in data["lines"])
        kept = {"lines": lines, "remarks": tuple(data["remarks"]), "headings": tuple(data["headings"])}
        return cls(**{**data, **kept})


def marks_of(source: Source, findings: Iterable[Finding], remarks: tuple[str, ...]) -> Marks:
    """The findings in the language in force, those of the sheet as a whole first."""
    lines = [_line(finding) for finding in findings]
    if len(lines) > MOST_LINES:
        more = ngettext(
            "{count} more finding is not marked here: correct these, and check the sheet again.",
            "{count} more findings are not marked here: correct these, and check the sheet again.",
            len(lines) - MOST_LINES,
        ).format(count=number(len(lines) - MOST_LINES))
        remarks = (*remarks, more)
    return Marks(
        sheet=source.sheet,
        lines=tuple(lines[:MOST_LINES]),
        tab=_("Findings"),
        title=_("What was found in {file}").format(file=source.file_name),
        remarks=(*remarks, _counted(lines)),
        headings=(_("Severity"), _("Cell"), _("What is wrong, and what to do")),
        whole_sheet=_("the sheet"),
        back=_("The list of findings: click on {cell}."),
    )


def _line(finding: Finding) -> Line:
    cell = finding.cell or (None if finding.row is None else f"A{finding.row}")
    return Line(finding.severity, severity_word(finding.severity), cell, finding.message)


def _counted(lines: list[Line]) -> str:
    if all(line.level is Severity.NOTE for line in lines):
        return _("Nothing is to be corrected.")
    return _("Correct the cells in colour here or in your own file, save it, and send it in again.")
