"""Rules that are relaxed: when they hold, who is told, and that nobody relaxes them by a detour."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from batch.ledger.orm.store import DatabaseLedger
from batch.ledger.verify import find_difference
from batch.report.agreements import list_relaxed
from batch.web import rules
from batch.web.audit import write_entry
from batch.web.batches import jobs
from batch.web.models import Approval, AuditEntry, Draft, DraftState, Job, Person, SiteSettings
from batch.web.rules import DAY, AmountLimits, change_limits, find_limits, find_lowest_limits, find_relaxation_start
from tests.web.batches.conftest import Approved, Performed, approved, finish, performed
from tests.web.conftest import PASSWORD, ClientFor, People, act_at_once, make_person
from tests.web.drafts.sheets import GOOD, newest, upload

__all__ = ["approved", "performed"]  # fixtures of the runs

NOW = timezone.now()
SETTINGS = {"row_limit": "100", "batch_limit": "", "four_eyes": "on", "language": "en"}
ALONE = {name: value for name, value in SETTINGS.items() if name != "four_eyes"}
_OFF = SiteSettings(four_eyes=False)


def a_day_old() -> None:
    """The site is older than a day."""
    Person.objects.update(created_at=timezone.now() - DAY - timedelta(minutes=1))


def leave_alone(administrator: Client, people: People) -> None:
    """The administrator deactivates everybody else on the pages."""
    for person in people:
        if person.pk != people.administrator.pk:
            form = {"full_name": person.full_name, "language": ""}
            assert administrator.post(f"/administration/people/{person.pk}", form).status_code == 302
    assert rules.count_active() == 1


def let_a_day_pass() -> None:
    """Everything that was done was done a day earlier."""
    AuditEntry.objects.update(at=timezone.now() - DAY - timedelta(minutes=1))
    earlier = timezone.now() - timedelta(minutes=1)
    SiteSettings.objects.exclude(limits_from=None).update(limits_from=earlier)
    SiteSettings.objects.exclude(four_eyes_from=None).update(four_eyes_from=earlier)


def approve(client: Client, draft: Draft) -> str:
    version = newest(draft)
    form = {"version": str(version.number), "screen": version.screen_digest, "confirmation": PASSWORD}
    page = client.post(f"/drafts/{draft.pk}/approve", form, follow=True).content.decode()
    draft.refresh_from_db()
    return page


def start(client: Client, draft: Draft) -> str:
    page = client.post(f"/batches/start/{draft.pk}", follow=True).content.decode()
    draft.refresh_from_db()
    return page


# What holds, and when.


@pytest.mark.parametrize(
    ("held", "wanted", "is_new", "at_once", "in_the_end"),
    [
        (100, 50, False, 50, 50),
        (None, 50, False, 50, 50),
        (100, 200, False, 100, 200),
        (100, None, False, 100, None),
        (100, 200, True, 200, 200),
        (100, None, True, None, None),
        (100, 100, False, 100, 100),
    ],
)
def test_a_limit_is_lowered_at_once_and_raised_after_a_day(
    held: int | None, wanted: int | None, at_once: int | None, in_the_end: int | None, *, is_new: bool
) -> None:
    for place in ("row", "batch"):
        site = SiteSettings(**{f"{place}_limit": held})
        change_limits(site, AmountLimits(**{place: wanted}), Person(), NOW, is_new=is_new)  # type: ignore[arg-type]
        for later, expected in ((timedelta(), at_once), (DAY - timedelta(seconds=1), at_once), (DAY, in_the_end)):
            assert getattr(find_limits(site, NOW + later), place) == expected


def test_one_is_lowered_at_once_while_the_other_waits() -> None:
    site = SiteSettings(row_limit=Decimal(100), batch_limit=Decimal(1000))
    wanted = AmountLimits(Decimal(50), Decimal(2000))
    change_limits(site, wanted, Person(), NOW, is_new=False)
    assert find_limits(site, NOW) == AmountLimits(Decimal(50), Decimal(1000))
    assert find_limits(site, NOW + DAY) == wanted


def test_asking_for_the_same_again_does_not_begin_the_day_anew_and_asking_for_more_does() -> None:
    site, first, second = SiteSettings(row_limit=Decimal(100)), Person(pk=1), Person(pk=2)
    change_limits(site, AmountLimits(Decimal(200)), first, NOW, is_new=False)
    later = NOW + timedelta(hours=23)
    change_limits(site, AmountLimits(Decimal(200)), second, later, is_new=False)
    assert (site.limits_from, site.limits_by) == (NOW + DAY, first)
    change_limits(site, AmountLimits(Decimal(300)), second, later, is_new=False)
    assert (site.limits_from, site.limits_by) == (later + DAY, second)
    assert find_limits(site, NOW + DAY).row == 100
    change_limits(site, AmountLimits(Decimal(90)), first, later, is_new=False)
    assert find_limits(site, later + DAY).row == 90, "what was asked for is withdrawn by a lower one"


@pytest.mark.parametrize(
    ("site", "last_change", "expected"),
    [
        (SiteSettings(), None, None),
        (SiteSettings(), NOW, None),
        (_OFF, NOW, NOW + DAY),
        (SiteSettings(four_eyes=False, four_eyes_from=NOW + DAY), NOW - timedelta(hours=1), NOW + DAY),
        (SiteSettings(four_eyes=False, four_eyes_from=NOW), NOW + timedelta(hours=1), NOW + timedelta(hours=25)),
    ],
)
def test_four_eyes_are_off_a_day_after_somebody_lost_the_say(site: Any, last_change: Any, expected: Any) -> None:
    assert find_relaxation_start(site, last_change) == expected


def test_four_eyes_that_were_switched_off_long_ago_are_off() -> None:
    relaxed_from = find_relaxation_start(_OFF, None)
    assert relaxed_from is not None
    assert relaxed_from < NOW


def test_the_lowest_limits_of_a_day_are_found_in_the_log() -> None:
    changes: list[dict[str, Any]] = [
        {"row_limit": [50_000, 500_000]}, {"row_limit": [None, 50_000], "batch_limit": [900_000, None]}, {"language": 1}
    ]  # fmt: skip
    assert find_lowest_limits(AmountLimits(Decimal(500)), changes) == AmountLimits(Decimal(50), Decimal(900))
    assert find_lowest_limits(AmountLimits(Decimal(5)), changes).row == 5


# Four eyes on the pages.


def test_deactivating_a_colleague_switches_four_eyes_off_a_day_later(administrator: Client, people: People) -> None:
    leave_alone(administrator, people)
    page = administrator.post("/administration/settings", ALONE, follow=True).content.decode()
    assert "Four eyes stay in force until" in page
    assert not SiteSettings.load().four_eyes
    assert not rules.load_rules().is_alone
    assert "in force" in administrator.get("/administration/").content.decode()
    let_a_day_pass()
    assert rules.load_rules().is_alone
    assert "switched off" in administrator.get("/administration/").content.decode()


def test_nor_does_deactivating_a_colleague_help_once_they_are_off(
    administrator: Client, people: People, sandbox: Any
) -> None:
    leave_alone(administrator, people)
    administrator.post("/administration/settings", ALONE)
    let_a_day_pass()
    Person.objects.filter(pk=people.approver.pk).update(is_active=True)
    assert not rules.load_rules().is_alone
    form = {"full_name": people.approver.full_name, "language": "", "can_approve": "on"}
    administrator.post(f"/administration/people/{people.approver.pk}", form)
    assert rules.count_active() == 1
    assert not rules.load_rules().is_alone
    assert "four eyes" in approve(administrator, upload(administrator, GOOD))
    let_a_day_pass()
    assert rules.load_rules().is_alone


def test_nor_does_taking_the_role_from_the_only_approver(administrator: Client, people: People) -> None:
    form = {"full_name": people.approver.full_name, "language": "", "is_active": "on"}
    administrator.post(f"/administration/people/{people.approver.pk}", form)
    Person.objects.exclude(pk=people.administrator.pk).update(is_active=False)
    administrator.post("/administration/settings", ALONE)
    assert not rules.load_rules().is_alone


def test_somebody_who_has_always_been_alone_switches_them_off_at_once(administrator: Client, people: People) -> None:
    Person.objects.exclude(pk=people.administrator.pk).update(is_active=False)
    page = administrator.post("/administration/settings", ALONE, follow=True).content.decode()
    assert "Four eyes stay" not in page
    assert rules.load_rules().is_alone


def test_a_change_of_names_and_other_roles_keeps_nobody_waiting(people: People) -> None:
    write_entry("person.changed", "x", particulars={"full_name": ["a", "b"], "can_prepare": [True, False]})
    write_entry("person.changed", "x", particulars={"is_active": [False, True]})
    assert rules.find_last_change(timezone.now()) is None


# Limits on the pages.


def test_a_raised_limit_waits_and_a_second_administrator_confirms_it(
    administrator: Client, people: People, client_for: ClientFor
) -> None:
    SiteSettings.objects.create(row_limit=Decimal(100))
    a_day_old()
    page = administrator.post("/administration/settings", {**SETTINGS, "row_limit": "500"}, follow=True)
    text = page.content.decode()
    assert "The raised limits (row: €500.00; batch: no limit) hold from" in text
    assert "Confirm the raised limits" not in text
    assert rules.load_rules().limits.row == 100
    asked = re.search(r'name="asked" value="([^"]+)"', text)
    assert asked is None
    other = client_for(make_person("other", can_administer=True))
    found = re.search(r'name="asked" value="([^"]+)"', other.get("/administration/settings").content.decode())
    assert found is not None
    for client, seen in ((administrator, found[1]), (other, "900 None 1"), (other, "")):
        client.post("/administration/settings/limits", {"asked": seen})
        assert rules.load_rules().limits.row == 100
    other.post("/administration/settings/limits", {"asked": found[1]})
    assert rules.load_rules().limits.row == 500
    entry = AuditEntry.objects.get(action="limits.confirmed")
    assert entry.particulars["row_limit"] == [100_000, 500_000]
    other.post("/administration/settings/limits", {"asked": found[1]})
    assert AuditEntry.objects.filter(action="limits.confirmed").count() == 1


def test_a_raised_limit_holds_a_day_later_without_anybody(administrator: Client) -> None:
    SiteSettings.objects.create(row_limit=Decimal(100))
    a_day_old()
    administrator.post("/administration/settings", {**SETTINGS, "row_limit": ""})
    let_a_day_pass()
    assert rules.load_rules().limits.row is None
    page = administrator.get("/administration/settings").content.decode()
    assert "raised limits" not in page


def test_another_setting_that_is_saved_meanwhile_keeps_what_was_asked_for(administrator: Client) -> None:
    SiteSettings.objects.create(row_limit=Decimal(100))
    a_day_old()
    administrator.post("/administration/settings", {**SETTINGS, "row_limit": "500"})
    waits = SiteSettings.load().limits_from
    assert 'value="500.00"' in administrator.get("/administration/settings").content.decode()
    administrator.post("/administration/settings", {**SETTINGS, "row_limit": "500", "language": "fr"})
    assert SiteSettings.load().limits_from == waits


def test_a_new_site_sets_its_limits_at_once_and_the_batch_says_so(
    administrator: Client, approved: Approved, performed: Performed
) -> None:
    SiteSettings.objects.create(row_limit=Decimal(1))
    administrator.post("/administration/settings", {**SETTINGS, "row_limit": "500"})
    assert rules.load_rules().limits.row == 500
    batch = performed(approved()).batch
    assert list_relaxed(DatabaseLedger().read_head(batch)) == ["raised-limits"]
    assert "A limit had been raised or removed" in administrator.get(f"/batches/{batch}/").content.decode()


def test_two_administrators_who_save_at_once_do_not_raise_by_it(people: People, client_for: ClientFor) -> None:
    SiteSettings.objects.create(row_limit=Decimal(100))
    a_day_old()
    other = make_person("other", can_administer=True)

    def save(given: tuple[Person, str]) -> int:
        return client_for(given[0]).post("/administration/settings", {**SETTINGS, "row_limit": given[1]}).status_code

    assert act_at_once(save, (people.administrator, "500"), (other, "50")) == [302, 302]
    assert rules.load_rules().limits.row in {50, 100}
    assert rules.load_rules().limits.row == 50 or SiteSettings.load().limits_from is None


# What is asked again at the start.


def test_an_approver_who_was_demoted_or_deactivated_sends_the_draft_back(
    people: People, approved: Approved, client_for: ClientFor, sandbox: Any
) -> None:
    second = client_for(people.second_approver)
    for number, change in enumerate(({"can_approve": False}, {"is_active": False})):
        draft = approved(name=f"{number}.csv")
        Person.objects.filter(pk=people.approver.pk).update(**change)
        page = start(second, draft)
        assert "who approved it, is not an approver any more" in page
        assert draft.state == DraftState.CHECKED
        assert not Approval.objects.exists()
        assert not Job.objects.exists()
        Person.objects.filter(pk=people.approver.pk).update(can_approve=True, is_active=True)
    assert AuditEntry.objects.filter(action="draft.sent_back").count() == 2


def test_so_does_one_who_was_demoted_between_the_start_and_the_worker(
    people: People, approved: Approved, sandbox: Any
) -> None:
    draft = approved()
    job = jobs.ask_to_start(draft, people.second_approver, timezone.now())
    Person.objects.filter(pk=people.approver.pk).update(can_approve=False)
    assert "is not an approver any more" in finish(job).error
    draft.refresh_from_db()
    assert (draft.state, sandbox.ledger()["movements"]) == (DraftState.CHECKED, [])
    assert AuditEntry.objects.get(action="draft.sent_back").who == ""


def test_whoever_asked_for_a_start_and_is_no_approver_any_more_starts_nothing(
    people: People, approved: Approved, sandbox: Any
) -> None:
    draft = approved()
    job = jobs.ask_to_start(draft, people.second_approver, timezone.now())
    Person.objects.filter(pk=people.second_approver.pk).update(is_active=False)
    job.refresh_from_db()
    assert "another approver can ask for it" in finish(job).error
    draft.refresh_from_db()
    assert (draft.state, sandbox.ledger()["movements"]) == (DraftState.APPROVED, [])


def test_a_limit_that_was_lowered_meanwhile_needs_a_second_approver(
    people: People, approved: Approved, approver: Client, administrator: Client, client_for: ClientFor
) -> None:
    draft = approved()
    administrator.post("/administration/settings", {**SETTINGS, "row_limit": "10"})
    assert "two people have to approve it" in start(approver, draft)
    assert draft.state == DraftState.CHECKED
    for client in (approver, client_for(people.second_approver)):
        approve(client, draft)
    assert draft.state == DraftState.APPROVED
    assert "It is starting" in start(approver, draft)


def test_a_rule_that_changes_while_the_worker_prepares_stops_it(
    people: People, approved: Approved, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from batch.web.batches import run_job
    from batch.web.drafts import checking

    draft, prepare = approved(), checking.prepare_start

    def prepare_and_demote(*given: Any) -> Any:
        found = prepare(*given)
        Person.objects.filter(pk=people.approver.pk).update(can_approve=False)
        return found

    monkeypatch.setattr(run_job, "prepare_start", prepare_and_demote)
    job = finish(jobs.ask_to_start(draft, people.second_approver, timezone.now()))
    assert "is not an approver any more" in job.error
    draft.refresh_from_db()
    assert (draft.state, job.batch, sandbox.ledger()["movements"]) == (DraftState.CHECKED, "", [])


def test_what_one_person_approved_alone_is_approved_again_once_there_are_two(
    administrator: Client, people: People, sandbox: Any
) -> None:
    SiteSettings.objects.create(four_eyes=False)
    Person.objects.exclude(pk=people.administrator.pk).update(is_active=False)
    draft = upload(administrator, GOOD)
    approve(administrator, draft)
    assert draft.state == DraftState.APPROVED
    Person.objects.filter(pk=people.approver.pk).update(is_active=True)
    assert "four eyes were switched off; they are in force again" in start(administrator, draft)
    assert draft.state == DraftState.CHECKED


def test_a_limit_that_was_raised_needs_no_more_than_the_approval_that_is_there(
    approver: Client, preparer: Client, sandbox: Any
) -> None:
    SiteSettings.objects.create(row_limit=Decimal(1))
    draft = upload(preparer, GOOD)
    approve(approver, draft)
    assert "already" in approve(approver, draft)
    SiteSettings.objects.update(row_limit=None)
    approve(approver, draft)
    assert (draft.state, Approval.objects.count()) == (DraftState.APPROVED, 1)


def test_an_approver_who_was_demoted_while_the_page_was_sent_approves_nothing(
    people: People, preparer: Client, sandbox: Any
) -> None:
    from batch.errors import UsageError
    from batch.web.drafts import approvals

    draft = upload(preparer, GOOD)
    version = newest(draft)
    Person.objects.filter(pk=people.approver.pk).update(can_approve=False)
    with pytest.raises(UsageError, match="Only approvers"):
        approvals.approve(draft, version, version.screen_digest, people.approver, "password")


# What was relaxed is a fact of the batch.


def test_what_was_relaxed_stands_on_the_page_the_papers_and_in_the_record(
    administrator: Client, people: People, sandbox: Any
) -> None:
    SiteSettings.objects.create(four_eyes=False, row_limit=Decimal(1))
    Person.objects.exclude(pk=people.administrator.pk).update(is_active=False)
    draft = upload(administrator, GOOD)
    approve(administrator, draft)
    batch = finish(jobs.ask_to_start(draft, people.administrator, timezone.now())).batch
    told = (
        "Four eyes were switched off, because one single person was active.",
        "Prepared and approved by the same person.",
        "An amount is above a limit, and one person approved it instead of two.",
    )
    page = administrator.get(f"/batches/{batch}/").content.decode()
    assert all(sentence in page for sentence in told)
    answer: Any = administrator.get(f"/batches/{batch}/files/json")
    document = json.loads(b"".join(answer))
    assert document["options"]["relaxed"] == ["four-eyes-off", "same-person", "one-approver"]
    answer = administrator.get(f"/batches/{batch}/files/pdf")
    from io import BytesIO

    from pypdf import PdfReader

    first = " ".join(PdfReader(BytesIO(b"".join(answer))).pages[0].extract_text().split())
    assert all(sentence in first for sentence in told)
    ledger = DatabaseLedger()
    assert "relaxed:one-approver" in ledger.view(batch).head.options
    assert find_difference(ledger, batch) is None
    # An approval says it for ever, whatever the rules are now.
    SiteSettings.objects.update(four_eyes=True, row_limit=None)
    assert told[0] in administrator.get(f"/batches/{batch}/").content.decode()


def test_the_same_person_is_told_of_whoever_made_any_version(
    preparer: Client, administrator: Client, people: People, sandbox: Any
) -> None:
    SiteSettings.objects.create(four_eyes=False)
    draft = upload(preparer, GOOD)
    administrator.post(f"/drafts/{draft.pk}/options", {"version": "1", "removes_first": "on"})
    Person.objects.exclude(pk=people.administrator.pk).update(is_active=False)
    approve(administrator, draft)
    batch = finish(jobs.ask_to_start(draft, people.administrator, timezone.now())).batch
    head = DatabaseLedger().read_head(batch)
    assert head.people.prepared == "Preparer Test, Administrator Test"
    assert list_relaxed(head) == ["four-eyes-off", "same-person"]


def test_where_nothing_was_relaxed_nothing_is_said(approved: Approved, performed: Performed) -> None:
    assert list_relaxed(DatabaseLedger().read_head(performed(approved()).batch)) == []
