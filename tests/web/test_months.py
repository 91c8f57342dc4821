"""A month is finished through the pages, a doubt and all, by however many people there are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from batch.ledger.orm.queries import list_newest_batches
from batch.ledger.orm.store import DatabaseLedger
from batch.model import BatchState
from batch.report.agreements import list_relaxed
from batch.sandbox import Sandbox
from batch.web.auth.services import make_first_link
from batch.web.batches import jobs
from batch.web.models import AuditEntry, Draft, Person, SiteSettings
from batch.web.rules import DAY
from tests.web.batches.conftest import finish
from tests.web.conftest import PASSWORD, ClientFor, make_person
from tests.web.drafts.sheets import csv_file, newest

SHEET = b"token;amount;direction\nsub-0001;0,02;add\nsub-0002;50;add\nsub-0003;0,50;remove\n"
RULES = {"row_limit": "10", "batch_limit": "", "four_eyes": "on", "language": "en"}


def send(client: Client, address: str, **form: object) -> str:
    """Send a form, and the password where it is asked for; the page that follows."""
    answer = client.post(address, form, follow=True)
    carried = re.search(r'name="carried" value="([^"]+)"', answer.content.decode())
    if carried is not None:
        answer = client.post(address, {"carried": carried[1], "confirmation": PASSWORD}, follow=True)
    return answer.content.decode()


def upload(client: Client) -> Draft:
    answer = client.post("/drafts/new", {"sheet_file": csv_file(SHEET)})
    return Draft.objects.get(pk=answer.headers["Location"].rsplit("/", 1)[-1])


def approve(client: Client, draft: Draft) -> str:
    version = newest(draft)
    fields = {"version": str(version.number), "screen": version.screen_digest, "confirmation": PASSWORD}
    return send(client, f"/drafts/{draft.pk}/approve", **fields)


def run(client: Client, draft: Draft) -> str:
    """Start it; the batch, which has stopped at the row in doubt."""
    assert "It is starting" in send(client, f"/batches/start/{draft.pk}")
    return finish(jobs.find_due_jobs(timezone.now())[0]).batch


def decide(client: Client, batch: str) -> str:
    return send(client, f"/batches/{batch}/rows/2/decide", choice="applied", why="their page shows it")


def conclude(client: Client, batch: str, sandbox: Sandbox) -> list[str]:
    """Resume it to its end; which rules its papers call relaxed."""
    assert "It goes on in a moment" in send(client, f"/batches/{batch}/resume")
    finish(jobs.find_due_jobs(timezone.now())[0])
    head = DatabaseLedger().read_head(batch)
    assert head.state is BatchState.FINISHED
    movements: Any = sandbox.ledger()["movements"]
    assert [moved["token"] for moved in movements] == ["sub-0001", "sub-0002", "sub-0003"]
    answer: Any = client.get(f"/batches/{batch}/files/pdf")
    assert b"".join(answer).startswith(b"%PDF")
    return list_relaxed(head)


@pytest.fixture
def doubting(sandbox: Sandbox) -> Sandbox:
    """The answer to the first movement is lost, and its two cents are too little for the balances to tell."""
    sandbox.add_fault("reset-after")
    return sandbox


def make_old() -> None:
    """Nobody has come or gone within a day."""
    Person.objects.update(created_at=timezone.now() - 2 * DAY)
    AuditEntry.objects.update(at=timezone.now() - 2 * DAY)


def test_two_people(client_for: ClientFor, doubting: Sandbox) -> None:
    paula = client_for(make_person("paula", can_prepare=True), has_confirmed=False)
    anton = make_person("anton", can_prepare=True, can_approve=True, can_administer=True)
    make_old()
    browser = client_for(anton, has_confirmed=False)
    draft = upload(paula)
    assert "It may be started now" in approve(browser, draft)
    batch = run(browser, draft)
    assert "recorded" in decide(browser, batch)
    assert conclude(browser, batch, doubting) == []


def test_two_people_of_whom_the_only_approver_corrected_the_sheet(client_for: ClientFor, doubting: Sandbox) -> None:
    """Nobody is left to approve it, until the other uploads it once more."""
    paula = client_for(make_person("paula", can_prepare=True))
    anton = client_for(make_person("anton", can_prepare=True, can_approve=True))
    draft = upload(paula)
    send(anton, f"/drafts/{draft.pk}/options", version="1", removes_first="on")
    assert "four eyes" in approve(anton, draft)
    send(paula, f"/drafts/{draft.pk}/reject", version="2", reason="anew")
    draft = upload(paula)
    approve(anton, draft)
    batch = run(anton, draft)
    decide(anton, batch)
    assert conclude(anton, batch, doubting) == []


def test_two_people_above_a_limit_raise_it_and_wait_for_a_day(client_for: ClientFor, doubting: Sandbox) -> None:
    SiteSettings.objects.create(row_limit=10)  # type: ignore[misc] # as the form gives it
    paula = client_for(make_person("paula", can_prepare=True))
    anton = client_for(make_person("anton", can_approve=True, can_administer=True))
    make_old()
    draft = upload(paula)
    assert "1 more approval is needed" in approve(anton, draft)
    assert "hold from" in send(anton, "/administration/settings", **{**RULES, "row_limit": "60"})
    assert "already" in approve(anton, draft)
    SiteSettings.objects.update(limits_from=timezone.now())
    make_old()
    assert "It may be started now" in approve(anton, draft)
    batch = run(anton, draft)
    assert "recorded" in decide(anton, batch)
    assert conclude(anton, batch, doubting) == []


def test_one_person(client_for: ClientFor, doubting: Sandbox) -> None:
    everything = {"can_prepare": True, "can_approve": True, "can_administer": True}
    alone = client_for(make_person("alone", **everything), has_confirmed=False)
    make_old()
    draft = upload(alone)
    assert "four eyes" in approve(alone, draft)
    send(alone, "/administration/settings", **{name: value for name, value in RULES.items() if name != "four_eyes"})
    assert "It may be started now" in approve(alone, draft)
    batch = run(alone, draft)
    assert "recorded" in decide(alone, batch)
    told = ["four-eyes-off", "same-person", "one-approver", "author-decided"]
    assert conclude(alone, batch, doubting) == told


def test_a_new_site(nobody: Client, client_for: ClientFor, doubting: Sandbox) -> None:
    nobody.get(f"/setup/{make_first_link()}")
    chosen = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    send(nobody, "/welcome", username="chief", full_name="The Chief", email="", **chosen)
    chief = nobody
    page = send(chief, "/administration/people/new", username="paula", full_name="Paula", language="", can_prepare="on")
    link = re.search(r"/invitation/([\w-]+)", page)
    assert link is not None
    assert "are saved" in send(chief, "/administration/settings", **{**RULES, "row_limit": "5"})
    assert "are saved" in send(chief, "/administration/settings", **{**RULES, "row_limit": "500"})
    paula = client_for(None)
    paula.get(f"/invitation/{link[1]}")
    send(paula, "/welcome", **chosen)
    draft = upload(paula)
    assert "It may be started now" in approve(chief, draft)
    batch = run(chief, draft)
    assert "recorded" in decide(chief, batch)
    assert conclude(chief, batch, doubting) == ["raised-limits"]


def test_thirty_people(client_for: ClientFor, doubting: Sandbox) -> None:
    SiteSettings.objects.create(batch_limit=10)  # type: ignore[misc] # as the form gives it
    roles = [{"can_prepare": True}] * 10 + [{"can_approve": True}] * 15 + [{"can_administer": True}] * 5
    people = [make_person(f"person-{number}", **given) for number, given in enumerate(roles)]
    make_old()
    browsers = [client_for(person, has_confirmed=False) for person in people]
    one, other = browsers[10], browsers[11]
    draft = upload(browsers[0])
    approve(one, draft)
    assert "It may be started now" in approve(other, draft)
    # One of the two leaves before the start; another takes the place.
    form = {"full_name": str(people[10]), "language": "", "can_approve": "on"}
    send(browsers[25], f"/administration/people/{people[10].pk}", **form)
    assert "is not an approver any more" in send(other, f"/batches/start/{draft.pk}")
    approve(other, draft)
    approve(browsers[12], draft)
    batch = run(browsers[13], draft)
    assert "kept until another approver agrees" in decide(other, batch)
    assert "recorded" in decide(browsers[14], batch)
    # Limits are raised by one administrator and confirmed by another, for the next month.
    send(browsers[25], "/administration/settings", **{**RULES, "row_limit": "", "batch_limit": "60"})
    asked = re.search(r'name="asked" value="([^"]+)"', browsers[26].get("/administration/settings").content.decode())
    assert asked is not None
    assert "hold from now on" in send(browsers[26], "/administration/settings/limits", asked=asked[1])
    assert conclude(browsers[13], batch, doubting) == []
    assert len(list_newest_batches()) == 1
