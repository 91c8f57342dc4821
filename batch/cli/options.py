"""Arguments and options that several commands have, and the kinds of values that they take.

As `app.py`, this is imported once the language is chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

from batch.language import Language, _

_LONGEST_PERIOD = 60


class WholeNumber(click.IntRange):
    """A whole number; click says that what is given is none."""

    name = _("whole number")


class Number(click.FloatRange):
    """A number; click says that what is given is none."""

    name = _("number")


def _refuse_unclear(_context: click.Context, _option: click.Parameter, out: Path | None) -> Path | None:
    """Refuse a name that does not say what the file is to be before anything else is done."""
    if out is not None:
        from batch.output import refuse_other_suffixes

        refuse_other_suffixes(out)
    return out


def _tidy_period(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Take a period with nothing in it for none."""
    return " ".join((text or "").split())[:_LONGEST_PERIOD] or None


sheet = click.argument("sheet", type=Path, metavar=_("SHEET"), help=_("The Excel, OpenDocument or CSV file."))
batch = click.argument("batch", metavar=_("BATCH"), help=_("The batch, as `creditbatch batches` names it."))
json = click.option("--json", is_flag=True, help=_("Print one JSON document on standard output."))
out = click.option(
    "--out",
    type=Path,
    metavar=_("FILE"),
    callback=_refuse_unclear,
    help=_("Where to write the result: a .xlsx, .csv or .json file."),
)
why = click.option("--why", metavar=_("TEXT"), help=_("The reason, for the ledger."))
period = click.option(
    "--period",
    metavar=_("TEXT"),
    callback=_tidy_period,
    help=_("What the list pays for, such as a week: two periods may ask for the same."),
)
max_per_second = click.option(
    "--max-per-second",
    type=Number(min=0),
    metavar="N",
    help=_("Make no more calls a second (0: as many as can be made)."),
)
lang = click.Option(
    ["--lang"], metavar=f"[{'|'.join(Language)}]", expose_value=False, help=_("The language; else the system's.")
)
"""Of every command. Only help shows it: it is taken before click is loaded, wherever it stands."""

_READING = (
    click.option("--expect-rows", type=WholeNumber(min=0), metavar="N", help=_("How many rows there must be.")),
    click.option("--expect-added", metavar="EUROS", help=_("How many euros must be added.")),
    click.option("--expect-removed", metavar="EUROS", help=_("How many euros must be removed.")),
    click.option("--removes-first", is_flag=True, help=_("Send every remove before the first add.")),
    click.option("--sheet", "sheet_name", metavar=_("NAME"), help=_("The sheet of the workbook to read.")),
    click.option(
        "--column",
        "columns",
        multiple=True,
        metavar=_("ROLE=TITLE"),
        help=_("Name a column (token, amount, direction, added, removed) by title or letter; may be repeated."),
    ),
    click.option("--remember-columns", is_flag=True, help=_("Keep what --column says for the next sheet.")),
    click.option("--signed", is_flag=True, help=_("Amounts with a minus are removes; there is no direction.")),
    click.option("--include-hidden", is_flag=True, help=_("Hidden rows and columns are meant as well.")),
)


def add_reading(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of how its sheet is to be read."""
    return reduce(lambda decorated, option: option(decorated), reversed(_READING), command)
