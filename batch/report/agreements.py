"""What people agreed to: the options of a batch, the control totals it was compared with, their decisions, and which
rules were relaxed for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from batch.findings import Finding
from batch.i18n import N_, _, format_euros, format_moment, format_number, show_column, show_value
from batch.ledger.events import KINDS, PersonDecided
from batch.ledger.replay import pick_events, read_row_fact
from batch.model import BatchHead, BatchView, Direction
from batch.money import encode_amount
from batch.settings import read_choices
from batch.zone import localize, name_zone

_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Control:
    """One figure that was expected, and what was found: whole numbers are rows, others euros."""

    what: str
    """A code of `_EXPECTED` or `_STATED`."""
    expected: int | Decimal
    found: int | Decimal
    cell: str | None = None
    """Where the sheet says it; None for what a person gave."""

    @property
    def agrees(self) -> bool:
        return self.expected == self.found

    @property
    def is_stated(self) -> bool:
        """Whether the sheet says it itself."""
        return self.what in _STATED

    @property
    def label(self) -> str:
        """What is compared, in the language in force."""
        return _(_EXPECTED.get(self.what) or _STATED[self.what])


_EXPECTED: Mapping[str, str] = {
    "expected-rows": N_("Rows"), "expected-added": N_("Euros added"), "expected-removed": N_("Euros removed"),
}  # fmt: skip
_STATED: Mapping[str, str] = {
    "sheet-total": N_("The sheet’s own total"),
    "sheet-count": N_("The sheet’s own count of rows"),
}


def list_controls(view: BatchView) -> list[Control]:
    """List what a person expected of the sheet, then what the sheet says itself.

    What was given agrees with what was found when it was compared, unless a finding says otherwise.
    """
    reading, by_code = read_choices(view.head.options).reading, {found.code: found for found in view.findings}
    given = {"expected-rows": reading.rows, "expected-added": reading.added, "expected-removed": reading.removed}
    controls = [
        Control(code, expected, type(expected)(by_code[code].params["found"]) if code in by_code else expected)
        for code, expected in given.items()
        if expected is not None
    ]
    return [*controls, *(stated for found in view.findings if (stated := _read_stated(found)))]


def _read_stated(found: Finding) -> Control | None:
    """Read a total or a count of the sheet's own out of what was found; None for another finding."""
    if found.code in {"total-agrees", "total-wrong"}:
        stated, added_up = (Decimal(found.params[name]) for name in ("stated", "found"))
        return Control("sheet-total", stated, added_up, found.cell)
    if found.code in {"count-agrees", "count-wrong"}:
        rows = int(found.params["stated"])
        return Control("sheet-count", rows, int(found.params.get("found", rows)), found.cell)
    return None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a row in doubt."""

    row: int
    token: str | None
    direction: Direction | None
    amount: Decimal | None
    who: str
    at: datetime
    why: str
    applied: bool

    def tell(self) -> str:
        """Tell all of it but the row's number."""
        sentence = _("{who} decided on {moment} ({zone}) that {amount} did not move. Reason: {why}")
        if self.applied:
            sentence = _("{who} decided on {moment} ({zone}) that {amount} moved. Reason: {why}")
        return sentence.format(
            who=self.who,
            moment=format_moment(localize(self.at)),
            zone=name_zone(),
            amount=self._tell_movement(),
            why=show_value(self.why, _LONGEST),
        )

    def _tell_movement(self) -> str:
        sentence = _("{amount} from {token}") if self.direction is Direction.REMOVE else _("{amount} to {token}")
        return sentence.format(amount="" if self.amount is None else format_euros(self.amount), token=self.token)


def list_decisions(view: BatchView) -> list[Decision]:
    """List every decision of a person, oldest first: also one after which the row was sent again."""
    facts = [read_row_fact(event) for event in pick_events(view.events, KINDS[PersonDecided])]
    wanted = {fact.row for fact in facts if fact is not None}
    rows = {entry.row.number: entry.row for entry in view.rows if entry.row.number in wanted} if wanted else {}
    return [
        Decision(fact.row, row.token, row.direction, row.amount, fact.who, fact.at, fact.why, fact.applied)
        for fact in facts
        if isinstance(fact, PersonDecided) and (row := rows.get(fact.row))
    ]


def find_reason(view: BatchView) -> str | None:
    """Find why a list that had been run was run again, in the words of whoever said so."""
    first = view.events[0] if view.events else None
    why = first.data.get("why") if first else None
    return why if isinstance(why, str) else None


def tell_options(view: BatchView) -> list[str]:
    """Tell every option that was used, in words, with its name on the command line."""
    choices = read_choices(view.head.options)
    reading, pace = choices.reading, choices.max_per_second
    again = _("It was run although a list like it had been run before (--again).")
    if why := find_reason(view):
        again = _("It was run although a list like it had been run before (--again). Reason: {why}")
        again = again.format(why=show_value(why, _LONGEST))
    unsettled = _("Only what batch {batch} had not done was sent (--only-unsettled).")
    slow = _("No more than {number} calls a second were made (--max-per-second).")
    if pace == 0:
        slow = _("As many calls a second were made as could be (--max-per-second 0).")
    found = {
        again: choices.again,
        _("Rows with errors were left out, and the others sent (--skip-invalid)."): choices.skip_invalid,
        _("It was run although the forecast said that rows would be refused (--partial)."): choices.partial,
        unsettled.format(batch=choices.only_unsettled): choices.only_unsettled,
        _("Every remove was sent before the first add (--removes-first)."): choices.removes_first,
        _("A person had to agree before a lost movement was sent again (--ask-before-resend)."):
            choices.ask_before_resend,
        slow.format(number=f"{pace or 0:g}"): pace is not None,
        _("The sheet “{sheet}” of the workbook was named (--sheet).").format(sheet=reading.sheet): reading.sheet,
        _("Amounts with a minus were taken for removes (--signed)."): reading.signed,
        _("Hidden rows and columns were taken for meant (--include-hidden)."): reading.include_hidden,
    }  # fmt: skip
    named = _("The column “{title}” was named for: {role} (--column).")
    columns = [named.format(title=title, role=show_column(role)) for role, title in reading.columns]
    period = [_("It pays for “{period}” (--period).").format(period=choices.period)] if choices.period else []
    return [*(sentence for sentence, is_chosen in found.items() if is_chosen), *columns, *period]


SAME_PERSON, AUTHOR_DECIDED, ONE_DECIDED = "same-person", "author-decided", "one-decided"
_RELAXED: Mapping[str, str] = {
    "four-eyes-off": N_("Four eyes were switched off, because one single person was active."),
    SAME_PERSON: N_("Prepared and approved by the same person."),
    "one-approver": N_("An amount is above a limit, and one person approved it instead of two."),
    "raised-limits": N_(
        "A limit had been raised or removed less than a day before it was approved; by the limit before, two people "
        "would have approved it."
    ),
    AUTHOR_DECIDED: N_(
        "A row in doubt was decided by somebody who had worked on the sheet, because no other approver was active."
    ),
    ONE_DECIDED: N_("A row in doubt was above a limit, and one person decided about it instead of two."),
}
"""The rules that a site relaxes, in the order in which they are told."""


def list_relaxed(head: BatchHead) -> list[str]:
    """List the rules that were relaxed when it was approved or decided about, as codes."""
    codes, people = set(read_choices(head.options).relaxed), head.people
    if people.prepared in people.approved:
        codes.add(SAME_PERSON)
    return [code for code in _RELAXED if code in codes]


def tell_relaxed(head: BatchHead) -> list[str]:
    """Tell in words which rules were relaxed when it was approved or decided about."""
    return [_(_RELAXED[code]) for code in list_relaxed(head)]


def encode_controls(view: BatchView) -> list[dict[str, Any]]:
    """Make JSON of the control totals: numbers of rows, and euros as texts."""
    return [
        {
            "what": control.what,
            "expected": _encode_figure(control.expected),
            "found": _encode_figure(control.found),
            "agrees": control.agrees,
        }
        for control in list_controls(view)
    ]


def _encode_figure(figure: int | Decimal) -> int | str:
    return encode_amount(figure) if isinstance(figure, Decimal) else figure


def encode_decisions(view: BatchView) -> list[dict[str, Any]]:
    """Make JSON of what people decided."""
    return [
        {
            "row": made.row,
            "amount": None if made.amount is None else encode_amount(made.amount),
            "who": made.who,
            "at": localize(made.at).isoformat(),
            "why": made.why,
            "applied": made.applied,
        }
        for made in list_decisions(view)
    ]


def encode_options(view: BatchView) -> dict[str, Any]:
    """Make JSON of every option, also of those that were not used."""
    choices = read_choices(view.head.options)
    reading, tolerance = choices.reading, choices.tolerance
    return {
        "skip_invalid": choices.skip_invalid,
        "partial": choices.partial,
        "again": choices.again,
        "why": find_reason(view),
        "only_unsettled": choices.only_unsettled,
        "removes_first": choices.removes_first,
        "ask_before_resend": choices.ask_before_resend,
        "max_per_second": choices.max_per_second,
        "period": choices.period,
        "sheet": reading.sheet,
        "columns": dict(reading.columns),
        "signed": reading.signed,
        "include_hidden": reading.include_hidden,
        "tolerance": {"euros": encode_amount(tolerance.euros), "percent": f"{tolerance.percent.normalize():f}"},
        "relaxed": list_relaxed(view.head),
    }


def format_figure(figure: int | Decimal) -> str:
    return format_euros(figure) if isinstance(figure, Decimal) else format_number(figure)
