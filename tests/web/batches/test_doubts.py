"""Who decides about a row in doubt: nobody about their own sheet, and above a limit two."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from batch.errors import UsageError
from batch.ledger.orm.queries import read_line
from batch.ledger.orm.store import DatabaseLedger
from batch.ledger.verify import find_difference
from batch.model import Status
from batch.report.agreements import list_decisions, list_relaxed
from batch.sandbox import Sandbox
from batch.web.batches import jobs
from batch.web.batches.deciding import (
    DeciderStanding,
    DecisionStep,
    decide_or_propose,
    find_decider_hindrance,
    list_decider_relaxations,
)
from batch.web.models import AuditEntry, Draft, Person, Proposal, SiteSettings
from tests.web.batches.conftest import Approved, finish
from tests.web.conftest import ClientFor, People, act_at_once

SHEET = "token;amount;direction\nsub-0001;0,02;add\nsub-0002;5;add\n"
FREE = DeciderStanding(
    is_approver=True, is_author=False, is_alone=False, has_independent=True, is_above=False, approvers=3
)
AUTHOR = replace(FREE, is_author=True)
MAY, OWN, BOTH, ROLE = "", "worked on this sheet yourself, so an approver", "so has whoever decided first", "role"


@pytest.fixture
def doubtful(people: People, approved: Approved, sandbox: Sandbox) -> str:
    """A batch with row 2 in doubt: the administrator had a hand in it, the approver approved and started it."""
    sandbox.add_fault("reset-after")
    draft = approved(SHEET)
    draft.versions.create(
        **{name: value for name, value in draft.versions.values().get().items() if name not in {"id", "number"}}
        | {"number": 7, "created_by_id": people.administrator.pk}
    )
    batch = finish(jobs.ask_to_start(draft, people.approver, timezone.now())).batch
    assert is_in_doubt(batch)
    return batch


def is_in_doubt(batch: str) -> bool:
    return read_line(batch).tally.rows[Status.UNKNOWN] == 1


def decide(client: Client, batch: str, choice: str = "applied", why: str = "their page shows it") -> str:
    form = {"choice": choice, "why": why}
    return client.post(f"/batches/{batch}/rows/2/decide", form, follow=True).content.decode()


def be_only_active(*people: Person) -> None:
    Person.objects.exclude(pk__in=[person.pk for person in people]).update(is_active=False)


@pytest.mark.parametrize(
    ("standing", "why", "relaxed"),
    [
        (FREE, MAY, []),
        (replace(FREE, is_approver=False), ROLE, []),
        (AUTHOR, OWN, ["author-decided"]),
        (replace(AUTHOR, has_independent=False), MAY, ["author-decided"]),
        (replace(AUTHOR, is_alone=True), MAY, ["author-decided"]),
        (replace(FREE, is_above=True), MAY, []),
        (replace(AUTHOR, is_above=True), MAY, ["author-decided"]),
        (replace(AUTHOR, is_above=True, is_first_author=False), MAY, []),
        (replace(FREE, is_above=True, is_first_author=True), MAY, []),
        (replace(AUTHOR, is_above=True, is_first_author=True), BOTH, ["author-decided"]),
        (
            replace(AUTHOR, is_above=True, is_first_author=True, has_independent=False, approvers=2),
            MAY,
            ["author-decided"],
        ),
        (
            replace(AUTHOR, is_above=True, has_independent=False, approvers=1),
            MAY,
            ["author-decided", "one-decided"],
        ),
        (replace(FREE, is_above=True, approvers=1), MAY, ["one-decided"]),
    ],
)
def test_who_may_decide_and_what_is_said_of_it(standing: DeciderStanding, why: str, relaxed: list[str]) -> None:
    told = find_decider_hindrance(standing)
    assert why in told
    assert bool(why) == bool(told)
    assert not list_decider_relaxations(standing) or list_decider_relaxations(standing) == relaxed


@pytest.mark.parametrize(
    ("standing", "needed"),
    [
        (FREE, 1), (replace(FREE, is_above=True), 2), (replace(FREE, is_above=True, approvers=1), 1),
        (replace(FREE, is_above=True, is_alone=True), 1),
    ],
)  # fmt: skip
def test_above_a_limit_two_decide_where_there_are_two(standing: DeciderStanding, needed: int) -> None:
    assert standing.needed == needed


def test_an_author_does_not_decide_while_somebody_else_may(
    administrator: Client, approver: Client, doubtful: str
) -> None:
    assert "an approver who has not decides about it" in decide(administrator, doubtful)
    assert "The credit moved: it is done" not in administrator.get(f"/batches/{doubtful}/rows/2").content.decode()
    assert is_in_doubt(doubtful)
    assert "Your decision is recorded" in decide(approver, doubtful)
    assert not is_in_doubt(doubtful)
    assert list_relaxed(DatabaseLedger().read_head(doubtful)) == []


def test_where_nobody_else_is_active_an_author_decides_and_page_1_says_so(
    administrator: Client, people: People, doubtful: str
) -> None:
    be_only_active(people.administrator, people.preparer)
    assert "Your decision is recorded" in decide(administrator, doubtful)
    ledger = DatabaseLedger()
    assert list_relaxed(ledger.read_head(doubtful)) == ["author-decided"]
    assert find_difference(ledger, doubtful) is None
    assert (
        "decided by somebody who had worked on the sheet" in administrator.get(f"/batches/{doubtful}/").content.decode()
    )
    answer: Any = administrator.get(f"/batches/{doubtful}/files/json")
    assert b'"relaxed": ["author-decided"]' in b"".join(answer)


def test_above_a_limit_the_first_decision_waits_for_a_second_person(
    administrator: Client, approver: Client, people: People, doubtful: str, mails: list[Any]
) -> None:
    SiteSettings.objects.create(row_limit=Decimal("0.01"))
    assert "kept until another approver agrees" in decide(administrator, doubtful, why="asked them")
    assert is_in_doubt(doubtful)
    assert "needs a decision" in mails[-1].subject
    page = approver.get(f"/batches/{doubtful}/rows/2").content.decode()
    assert "Administrator Test decided on" in page
    assert "Reason: asked them" in page
    # Sent twice, by whomever, it is one decision.
    assert "You have said so already" in decide(administrator, doubtful)
    assert is_in_doubt(doubtful)
    assert "Your decision is recorded" in decide(approver, doubtful, why="seen on their page")
    ledger = DatabaseLedger()
    (made,) = list_decisions(ledger.view(doubtful))
    assert made.who == "Administrator Test, Approver Test"
    assert made.why == "Administrator Test: asked them – Approver Test: seen on their page"
    assert list_relaxed(ledger.read_head(doubtful)) == []
    assert not Proposal.objects.exists()
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="batch.").order_by("pk")] == [
        "batch.proposed",
        "batch.decided",
    ]
    assert "not in doubt: nothing to decide" in decide(approver, doubtful)


def test_the_batch_as_a_whole_may_be_above_a_limit(approver: Client, doubtful: str) -> None:
    SiteSettings.objects.create(batch_limit=Decimal(5))
    assert "kept until another approver agrees" in decide(approver, doubtful)


def test_two_who_differ_decide_nothing_and_it_is_said(
    approver: Client, people: People, client_for: ClientFor, doubtful: str
) -> None:
    SiteSettings.objects.create(row_limit=Decimal(0))
    second = client_for(people.second_approver)
    decide(approver, doubtful, "applied")
    assert "said otherwise, so it is dropped" in decide(second, doubtful, "not-applied", "not on their page")
    assert is_in_doubt(doubtful)
    kept = Proposal.objects.get()
    assert (kept.person, kept.applied) == (people.second_approver, False)
    assert AuditEntry.objects.filter(particulars__drops_first=True).count() == 1
    decide(approver, doubtful, "not-applied")
    assert not is_in_doubt(doubtful)


def test_one_may_think_better_of_it_and_is_still_one(approver: Client, doubtful: str) -> None:
    SiteSettings.objects.create(row_limit=Decimal(0))
    for choice in ("applied", "not-applied", "applied"):
        decide(approver, doubtful, choice)
    assert is_in_doubt(doubtful)
    assert Proposal.objects.count() == 1


def test_two_authors_are_not_two_people(
    administrator: Client, people: People, client_for: ClientFor, doubtful: str
) -> None:
    SiteSettings.objects.create(row_limit=Decimal(0))
    Person.objects.filter(pk=people.preparer.pk).update(can_approve=True)
    decide(administrator, doubtful)
    other = client_for(Person.objects.get(pk=people.preparer.pk))
    assert "so has whoever decided first" in decide(other, doubtful)
    assert is_in_doubt(doubtful)


def test_the_first_decision_of_somebody_who_was_demoted_counts_no_more(
    approver: Client, people: People, client_for: ClientFor, doubtful: str
) -> None:
    SiteSettings.objects.create(row_limit=Decimal(0))
    decide(approver, doubtful)
    Person.objects.filter(pk=people.approver.pk).update(can_approve=False)
    assert "kept until another approver agrees" in decide(client_for(people.second_approver), doubtful)
    assert is_in_doubt(doubtful)


def test_somebody_who_is_demoted_while_they_press_decides_nothing(people: People, doubtful: str) -> None:
    Person.objects.filter(pk=people.approver.pk).update(can_approve=False)
    with pytest.raises(UsageError, match="Only approvers decide"):
        decide_or_propose(doubtful, 2, people.approver, applied=True, why="I looked")


def test_of_an_earlier_doubt_of_the_row_a_proposal_says_nothing(
    approver: Client, people: People, client_for: ClientFor, doubtful: str
) -> None:
    SiteSettings.objects.create(row_limit=Decimal(0))
    decide(approver, doubtful)
    Proposal.objects.update(attempt=0)
    assert "kept until another approver agrees" in decide(client_for(people.second_approver), doubtful)
    assert is_in_doubt(doubtful)


@pytest.mark.parametrize(
    ("limit", "expected"), [(None, [DecisionStep.DECIDED]), (0, [DecisionStep.PROPOSED, DecisionStep.DECIDED])]
)
def test_two_who_press_at_once(people: People, doubtful: str, limit: int | None, expected: list[DecisionStep]) -> None:
    SiteSettings.objects.create(row_limit=None if limit is None else Decimal(limit))

    def press(person: Person) -> DecisionStep:
        return decide_or_propose(doubtful, 2, person, applied=True, why="I looked")

    told = act_at_once(press, people.approver, people.second_approver)
    assert sorted((one for one in told if isinstance(one, DecisionStep)), key=lambda one: -one.value) == expected
    assert not is_in_doubt(doubtful)
    assert len(list_decisions(DatabaseLedger().view(doubtful))) == 1


def test_one_who_presses_twice_at_once_is_one(people: People, doubtful: str) -> None:
    SiteSettings.objects.create(row_limit=Decimal(0))
    told = act_at_once(
        lambda person: decide_or_propose(doubtful, 2, person, applied=True, why="I looked"),
        *(people.approver, people.approver),
    )
    assert len([one for one in told if one is DecisionStep.PROPOSED]) == 1
    assert is_in_doubt(doubtful)


def test_of_a_batch_of_the_command_line_nobody_is_an_author(
    administrator: Client, people: People, doubtful: str
) -> None:
    Draft.objects.update(batch=None)
    assert "Your decision is recorded" in decide(administrator, doubtful)
    assert list_relaxed(DatabaseLedger().read_head(doubtful)) == []
