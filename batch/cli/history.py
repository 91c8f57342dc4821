"""`batches`, `show` and `report`: what the ledger remembers."""

from __future__ import annotations

from pathlib import Path

from batch.cli.console import note, print_json
from batch.cli.running import REPORTS, existing_report, exit_code
from batch.cli.surroundings import open_ledger, read_environment
from batch.language import _, ngettext, number
from batch.settings import load_settings


def batches_command(*, json: bool) -> int:
    """List every batch, newest first."""
    lines = open_ledger(load_settings(read_environment())).lines()
    if json:
        from batch.document import line_document

        print_json([line_document(line) for line in lines])
    else:
        from batch.cli.screens import batches_screen

        batches_screen(lines)
    return 0


def show_command(batch: str, *, json: bool) -> int:
    """Show a batch; exits as the run that made it did."""
    view = open_ledger(load_settings(read_environment())).view(batch)
    path = existing_report(view)
    if json:
        from batch.document import batch_document

        print_json(batch_document(view, str(path) if path else None))
    else:
        from batch.cli.screens import result_screen, rows_screen

        rows_screen(view)
        result_screen(view, path)
    return exit_code(view)


def report_command(batch: str, *, out: Path | None) -> int:
    """Write the workbook from the ledger alone."""
    view = open_ledger(load_settings(read_environment())).view(batch)
    from batch.output import write_batch

    path = out or REPORTS / f"{batch}.xlsx"
    write_batch(path, view)
    print(_("Report: {path}").format(path=path))
    return 0


def verify_command(batch: str, report: Path | None) -> int:
    """Recompute the chain, replay the events, and say the first place where the record parts from itself."""
    from batch.ledger.verify import first_difference

    view = open_ledger(load_settings(read_environment())).view(batch)
    difference = first_difference(view)
    if difference is None and report is not None:
        from batch.report.readback import difference_in

        difference = difference_in(report, view)
    if difference is not None:
        note(f"creditbatch: {difference}")
        return 1
    sentence = ngettext(
        "The record of batch {batch} is whole: {events} events and {rows} row agree.",
        "The record of batch {batch} is whole: {events} events and {rows} rows agree.",
        len(view.rows),
    )
    if report is not None:
        sentence = ngettext(
            "The record of batch {batch} is whole: {events} events and {rows} row agree with the report.",
            "The record of batch {batch} is whole: {events} events and {rows} rows agree with the report.",
            len(view.rows),
        )
    note(sentence.format(batch=batch, events=number(len(view.events)), rows=number(len(view.rows))))
    return 0
