"""Where somebody is logged in: listed, ended one or all, and told of when it is new."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from allauth.usersessions.models import UserSession
from django.core.mail import EmailMessage
from django.test import Client

from batch.web.models import AuditEntry, Person
from tests.web.auth.test_login import log_in
from tests.web.conftest import ClientFor, People

Enter = Callable[..., Client]


@pytest.fixture
def enter(people: People, client_for: ClientFor) -> Enter:
    """A browser of its own that somebody has logged in with."""

    def made(username: str = "viewer", browser: str = "Firefox") -> Client:
        client = client_for(None)
        client.defaults["HTTP_USER_AGENT"] = browser
        assert log_in(client, username).status_code == 302
        return client

    return made


def is_in(client: Client) -> bool:
    return client.get("/profile").status_code == 200


def test_sessions_are_listed_with_browser_and_address(enter: Enter) -> None:
    here, _elsewhere, _another = enter(browser="Here"), enter(browser="Elsewhere"), enter("approver", "Another")
    page = here.get("/profile/sessions").content.decode()
    assert "Here" in page
    assert "Elsewhere" in page
    assert "127.0.0.1" in page
    assert "Another" not in page
    assert page.count("this one") == 1


def test_one_is_ended_and_cannot_be_used_again(enter: Enter) -> None:
    here, elsewhere, third = enter(), enter(browser="Elsewhere"), enter()
    cookie = elsewhere.cookies["creditbatch_session"].value
    chosen = UserSession.objects.get(user_agent="Elsewhere")
    assert here.post("/profile/sessions", {"session": chosen.pk}).status_code == 302
    elsewhere.cookies["creditbatch_session"] = cookie
    assert not is_in(elsewhere)
    assert is_in(here)
    assert is_in(third)
    assert AuditEntry.objects.get(action="session.ended").particulars == {"number": 1}


def test_all_others_are_ended(enter: Enter) -> None:
    here, others = enter(), [enter(), enter(browser="Elsewhere")]
    here.post("/profile/sessions")
    assert is_in(here)
    assert not any(map(is_in, others))


def test_nobody_ends_the_sessions_of_somebody_else(enter: Enter) -> None:
    here, other = enter(), enter("approver")
    number = UserSession.objects.get(user__username="approver").pk
    for given in (str(number), "0", "x", "²", "-1"):
        here.post("/profile/sessions", {"session": given})
    assert is_in(other)
    assert is_in(here)


def test_a_session_that_logged_out_cannot_be_used_again(enter: Enter) -> None:
    client = enter()
    cookie = client.cookies["creditbatch_session"].value
    client.post("/logout")
    client.cookies["creditbatch_session"] = cookie
    assert not is_in(client)


def test_a_new_device_is_told_by_mail_and_a_known_one_is_not(enter: Enter, mails: list[EmailMessage]) -> None:
    client = enter(browser="Netscape")
    assert [mail.to for mail in mails] == [["viewer@example.com"]]
    assert "Netscape" in mails[0].body
    assert re.search(r"on \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(UTC\) with a browser", str(mails[0].body))
    assert "/profile/sessions" in mails[0].body
    client.post("/logout")
    log_in(client, "viewer")
    assert len(mails) == 1
    enter(browser="Netscape")
    assert len(mails) == 2


def test_a_device_is_known_for_each_person_by_itself(enter: Enter, mails: list[EmailMessage]) -> None:
    client = enter()
    client.post("/logout")
    log_in(client, "approver")
    assert [mail.to[0].split("@")[0] for mail in mails] == ["viewer", "approver"]


def test_a_note_that_was_made_up_makes_no_device_known(enter: Enter, people: People, mails: list[EmailMessage]) -> None:
    client = enter()
    signed = client.cookies["creditbatch_device"].value
    forged = re.sub(r"^\d+", str(people.approver.pk), signed)
    client.post("/logout")
    client.cookies["creditbatch_device"] = forged
    log_in(client, "approver")
    assert mails[-1].to == ["approver@example.com"]


def test_the_mail_goes_to_nobody_without_an_address(enter: Enter, mails: list[EmailMessage], people: People) -> None:
    Person.objects.filter(pk=people.viewer.pk).update(email="")
    enter()
    assert not mails
    assert AuditEntry.objects.get(action="login.done").particulars == {"new_device": True}
