"""Coming in and going out."""

from __future__ import annotations

import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from batch.web.models import AuditEntry, Person
from tests.web.conftest import PASSWORD, ClientFor, People, Site


def test_who_logs_in_gets_to_the_page_they_wanted(people: People, client_for: ClientFor) -> None:
    client = client_for(None)
    asked = client.get("/profile")
    assert asked.headers["location"] == "/login?next=/profile"
    page = client.post("/login", {"username": "viewer", "password": PASSWORD, "next": "/profile"})
    assert page.headers["location"] == "/profile"
    assert "Viewer Test" in client.get("/profile").content.decode()


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil", ""])
def test_nobody_is_sent_elsewhere(wanted: str, people: People, client_for: ClientFor) -> None:
    page = client_for(None).post("/login", {"username": "viewer", "password": PASSWORD, "next": wanted})
    assert page.headers["location"] == "/"


def test_a_session_is_a_new_one_after_the_login(people: People, client_for: ClientFor) -> None:
    client = client_for(None)
    client.get("/login")
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    client.cookies["creditbatch_session"] = str(before)
    client.post("/login", {"username": "viewer", "password": PASSWORD})
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_a_wrong_password_and_a_name_nobody_has_are_told_alike(people: People, client_for: ClientFor) -> None:
    pages = [
        re.sub(r'name="csrfmiddlewaretoken" value="\w+"|X-CSRFToken": "\w+"|value="(viewer|nobody)"', "", text)
        for text in (
            client_for(None).post("/login", {"username": name, "password": "wrong"}).content.decode()
            for name in ("viewer", "nobody")
        )
    ]
    assert pages[0] == pages[1]
    assert "do not belong together" in pages[0]


def test_a_password_typed_as_a_name_is_not_kept(people: People, client_for: ClientFor) -> None:
    client_for(None).post("/login", {"username": "my-secret-password", "password": "x"})
    client_for(None).post("/login", {"username": "viewer", "password": "x"})
    subjects = AuditEntry.objects.filter(action="login.failed").order_by("pk").values_list("subject", flat=True)
    assert list(subjects) == ["", "viewer"]


def test_after_five_wrong_passwords_the_page_says_when_to_try_again(people: People, client_for: ClientFor) -> None:
    for _attempt in range(5):
        response = client_for(None).post("/login", {"username": "viewer", "password": "wrong"})
    assert response.status_code == 429
    response = client_for(None).post("/login", {"username": "viewer", "password": PASSWORD})
    assert response.status_code == 429
    assert "Try again in 15 minutes" in response.content.decode()
    assert response.headers["retry-after"] == "900"
    other = client_for(None).post("/login", {"username": "approver", "password": PASSWORD})
    assert other.status_code == 302


def test_a_login_that_worked_forgets_the_wrong_ones(people: People, client_for: ClientFor) -> None:
    for _round in range(3):
        for _attempt in range(4):
            client_for(None).post("/login", {"username": "viewer", "password": "wrong"})
        assert client_for(None).post("/login", {"username": "viewer", "password": PASSWORD}).status_code == 302


def test_a_deactivated_person_does_not_get_in(people: People, client_for: ClientFor) -> None:
    Person.objects.filter(username="viewer").update(is_active=False)
    response = client_for(None).post("/login", {"username": "viewer", "password": PASSWORD})
    assert response.status_code == 200
    assert "do not belong together" in response.content.decode()


def test_logging_out_is_a_form_and_ends_the_session(people: People, client_for: ClientFor) -> None:
    client = client_for(people.viewer)
    assert client.get("/logout").status_code == 405
    assert client.get("/profile").status_code == 200
    assert client.post("/logout").headers["location"] == "/login"
    assert client.get("/profile").status_code == 302
    assert not Session.objects.exists()


def test_a_login_form_of_another_site_does_nothing(people: People) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/login", {"username": "viewer", "password": PASSWORD}).status_code == 403


def test_before_anybody_exists_the_login_says_where_the_link_is(site: Site, client_for: ClientFor) -> None:
    assert "open the one-time link" in client_for(None).get("/login").content.decode()
