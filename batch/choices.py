"""What a person chose for a batch, and how the ledger keeps it: a text a choice, such as "partial" or "period:week 47".

What is chosen when a plan is accepted holds for each `resume` of its batch, until something else is chosen then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person agreed to beyond what is plain, and how it is to be performed."""

    skip_invalid: bool = False
    partial: bool = False
    again: bool = False
    why: str | None = None
    """The reason for `again`; the ledger keeps it by itself."""
    only_unsettled: str | None = None
    """The earlier batch of the same list, of which only what is not done is sent: see `runner.unsettled`."""
    removes_first: bool = False
    ask_before_resend: bool = False
    max_per_second: float | None = None
    period: str | None = None
    """What the list pays for, such as a week; lists of two periods are not repetitions of each other."""


def write_choices(choices: Choices) -> tuple[str, ...]:
    """Put the choices into the texts that the ledger keeps."""
    flags = {
        "skip-invalid": choices.skip_invalid,
        "partial": choices.partial,
        "again": choices.again,
        "removes-first": choices.removes_first,
        "ask-before-resend": choices.ask_before_resend,
    }
    pace = choices.max_per_second
    values = {
        "only-unsettled": choices.only_unsettled,
        "max-per-second": None if pace is None else f"{pace:g}",
        "period": choices.period,
    }
    return (
        *(text for text, is_chosen in flags.items() if is_chosen),
        *(f"{text}:{value}" for text, value in values.items() if value is not None),
    )


def read_choices(texts: Sequence[str]) -> Choices:
    """Read what `write_choices` wrote. What a newer version may have added is passed over."""
    given = dict(text.partition(":")[::2] for text in texts)
    pace = given.get("max-per-second")
    return Choices(
        skip_invalid="skip-invalid" in given,
        partial="partial" in given,
        again="again" in given,
        removes_first="removes-first" in given,
        ask_before_resend="ask-before-resend" in given,
        only_unsettled=given.get("only-unsettled"),
        max_per_second=None if pace is None else float(pace),
        period=given.get("period"),
    )


def replace_manner(
    kept: Choices, *, ask_before_resend: bool | None = None, max_per_second: float | None = None
) -> Choices:
    """The choices with what was given anew of how it is to be performed; None leaves what was chosen."""
    return replace(
        kept,
        ask_before_resend=kept.ask_before_resend if ask_before_resend is None else ask_before_resend,
        max_per_second=kept.max_per_second if max_per_second is None else max_per_second,
    )
