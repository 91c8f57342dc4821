"""`check --annotate`: the accountant's own workbook with what was found marked in it."""

from __future__ import annotations

from pathlib import Path

from batch.cli.console import note
from batch.errors import UsageError
from batch.files import whole_file
from batch.frames import CheckedSheet
from batch.language import _
from batch.output import refuse_replacing
from batch.sheet import Limits
from batch.sheet.source_file import load


def refuse_annotating(sheet: Path, out: Path, report: Path | None) -> None:
    """Say at once what cannot be the name of the marked workbook, beside that of the report."""
    wanted = ".xlsm" if sheet.suffix.lower() == ".xlsm" else ".xlsx"
    if out.suffix.lower() not in {".xlsx", wanted}:
        raise UsageError(
            _("{path} cannot be the marked workbook: give it the ending {ending}.").format(path=out, ending=wanted)
        )
    refuse_replacing(sheet, out, "--annotate")
    if report is not None and report.resolve() == out.resolve():
        raise UsageError(_("--annotate and --out name the same file: choose another name for one of them."))


def write_annotated(path: Path, checked: CheckedSheet, out: Path, limits: Limits) -> None:
    """Write the marked workbook, and say what could not be kept."""
    from batch.annotation import annotate

    original = load(path, limits)
    if original.sha256 != checked.source.sha256:
        raise UsageError(_("{file} was changed while it was checked: check it again.").format(file=original.name))
    annotated = annotate(
        original, checked.source, checked.all_findings, keeps_macros=out.suffix.lower() == ".xlsm", limits=limits
    )
    with whole_file(out) as file:
        file.write(annotated.data)
    for remark in annotated.remarks:
        note("creditbatch: " + remark)
    note(_("Marked workbook: {path}").format(path=out))
