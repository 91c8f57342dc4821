"""Decide about a row in doubt: who may, how many must, and what is kept of the first of two until the second agrees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum, auto

from django.utils import timezone

from batch.errors import UsageError
from batch.i18n import _
from batch.ledger.events import OptionsChanged, PersonDecided
from batch.ledger.orm.queries import read_line
from batch.ledger.orm.store import DatabaseLedger
from batch.model import BatchRow, Status
from batch.money import ZERO
from batch.report.agreements import AUTHOR_DECIDED, ONE_DECIDED
from batch.runner.open_account import get_undecided_row, hold_batch
from batch.settings import read_choices, write_choices
from batch.web.access import Role, find_roles
from batch.web.drafts.approvals import is_author
from batch.web.models import Draft, Person, Proposal
from batch.web.rules import load_rules


@dataclass(frozen=True, slots=True)
class DeciderStanding:
    """Where somebody who decides about a row stands."""

    is_approver: bool
    is_author: bool  # of any version of the sheet; nobody is of a batch of the command line
    is_alone: bool  # four eyes are off
    has_independent: bool  # there is an active approver who is no author
    is_above: bool  # the row or its batch is above a limit
    approvers: int  # active ones
    is_first_author: bool | None = None  # whether the one who decided first is an author; None: nobody did

    @property
    def needed(self) -> int:
        """How many must decide: of one approver who is there, no second can be asked for."""
        return 2 if self.is_above and self.approvers > 1 and not self.is_alone else 1


def find_decider_hindrance(standing: DeciderStanding) -> str:
    """Say why somebody may not decide; empty if they may."""
    if not standing.is_approver:
        return _("Only approvers decide; your role does not include it.")
    if not standing.is_author or standing.is_alone or not standing.has_independent:
        return ""
    if standing.needed == 1:
        return _("You have worked on this sheet yourself, so an approver who has not decides about it (four eyes).")
    if standing.is_first_author:
        return _(
            "You have worked on this sheet yourself, and so has whoever decided first: an approver who has not is the "
            "second (four eyes)."
        )
    return ""


def list_decider_relaxations(standing: DeciderStanding) -> list[str]:
    """List the rules that are relaxed where it is decided like this, as codes of `report.agreements`."""
    has_independent = not standing.is_author or (standing.needed > 1 and not standing.is_first_author)
    found = {AUTHOR_DECIDED: not has_independent, ONE_DECIDED: standing.is_above and standing.needed == 1}
    return [code for code, is_relaxed in found.items() if is_relaxed]


class DecisionStep(Enum):
    """What came of it."""

    DECIDED = auto()
    PROPOSED = auto()  # a second person has to agree
    DIFFERED = auto()  # from the first decision, which is dropped: this one waits in its place


def find_proposal(batch: str, entry: BatchRow) -> Proposal | None:
    """Find what one person decided about this doubt, if they are still an approver."""
    found = Proposal.objects.filter(batch=batch, row=entry.row.number, attempt=entry.result.attempts)
    first = found.select_related("person").first()
    return first if first is not None and Role.APPROVER in find_roles(first.person) else None


def find_decider_standing(batch: str, entry: BatchRow, person: Person, first: Proposal | None) -> DeciderStanding:
    """Read where the person stands with this row."""
    rules, draft = load_rules(), Draft.objects.filter(batch=batch).first()
    approvers = list(Person.objects.filter(is_active=True, can_approve=True))
    euros = read_line(batch).tally.euros
    total = sum((amount for status, amount in euros.items() if status is not Status.INVALID), ZERO)
    is_another = first is not None and first.person_id != person.pk
    return DeciderStanding(
        is_approver=Role.APPROVER in find_roles(person),
        is_author=_is_author(draft, person),
        is_alone=rules.is_alone,
        has_independent=any(not _is_author(draft, approver) for approver in approvers),
        is_above=rules.limits.is_exceeded(entry.row.amount or Decimal(0), total),
        approvers=len(approvers),
        is_first_author=_is_author(draft, first.person) if first is not None and is_another else None,
    )


def _is_author(draft: Draft | None, person: Person) -> bool:
    return draft is not None and is_author(draft, person)


def decide_or_propose(batch: str, row: int, person: Person, *, applied: bool, why: str) -> DecisionStep:
    """Record a decision, or keep it until a second person agrees; `UsageError` if it is not theirs or not in doubt.

    The account is held meanwhile, so that of two who press at once the second finds what the first did.
    """
    ledger = DatabaseLedger()
    with hold_batch(ledger, batch, timezone.now):
        entry = get_undecided_row(ledger.view(batch), row)
        person = Person.objects.get(pk=person.pk)
        first = find_proposal(batch, entry)
        standing = find_decider_standing(batch, entry, person, first)
        if why_not := find_decider_hindrance(standing):
            raise UsageError(why_not)
        is_second = first is not None and first.person_id != person.pk
        if first is not None and not is_second and first.applied is applied and standing.needed > 1:
            raise UsageError(_("You have said so already: another approver has to agree."))
        kept = Proposal.objects.filter(batch=batch, row=row)
        if standing.needed > 1 and (first is None or not is_second or first.applied is not applied):
            kept.delete()
            said = {"applied": applied, "why": why, "person": person, "attempt": entry.result.attempts}
            Proposal.objects.create(batch=batch, row=row, **said)
            return DecisionStep.DIFFERED if is_second else DecisionStep.PROPOSED
        who, words = str(person), why
        if standing.needed > 1 and first is not None:
            who, words = f"{first.person}, {person}", f"{first.person}: {first.why} – {person}: {why}"
        # Before it is decided: whatever happens then, nobody agrees to what was decided already.
        kept.delete()
        now, choices = timezone.now(), read_choices(ledger.read_options(batch))
        relaxed = tuple(dict.fromkeys([*choices.relaxed, *list_decider_relaxations(standing)]))
        decided = PersonDecided(now, row, entry.result.attempts, applied, who, words)
        if relaxed == choices.relaxed:
            ledger.append(batch, [decided])
        else:
            options = write_choices(replace(choices, relaxed=relaxed))
            ledger.append(batch, [OptionsChanged(now, options, str(person)), decided])
        return DecisionStep.DECIDED
