from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpResponse, QueryDict
from django.test import Client

from batch.web.auth.services import check_confirmation
from batch.web.models import AuditEntry, Person
from tests.web.conftest import PASSWORD, ClientFor, People, Site


def log_in(client: Client, username: str, password: str = PASSWORD, **fields: str) -> HttpResponse:
    answer = client.post("/login", {"login": username, "password": password, **fields})
    assert isinstance(answer, HttpResponse)
    return answer


def test_who_logs_in_gets_to_the_page_they_wanted(nobody: Client, people: People) -> None:
    asked = nobody.get("/profile")
    assert asked.headers["location"] == "/login?next=/profile"
    page = log_in(nobody, "viewer", next="/profile")
    assert page.headers["location"] == "/profile"
    assert "Viewer Test" in nobody.get("/profile").content.decode()


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil", ""])
def test_nobody_is_sent_elsewhere(nobody: Client, wanted: str, people: People) -> None:
    page = log_in(nobody, "viewer", next=wanted)
    assert page.headers["location"] == "/"


def test_a_session_is_a_new_one_after_the_login(nobody: Client, people: People) -> None:
    nobody.get("/login")
    session = nobody.session
    session["planted"] = True
    session.save()
    before = session.session_key
    nobody.cookies["creditbatch_session"] = str(before)
    log_in(nobody, "viewer")
    assert nobody.session.session_key != before
    assert nobody.cookies["creditbatch_session"]["httponly"]
    assert not Session.objects.filter(session_key=before).exists()


def test_a_wrong_password_and_a_name_nobody_has_are_told_alike(people: People, client_for: ClientFor) -> None:
    def told(name: str) -> str:
        page = log_in(client_for(None), name, "wrong").content.decode()
        return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|X-CSRFToken": "\w+"|value="(viewer|nobody)"', "", page)

    assert told("viewer") == told("nobody")
    assert "do not belong together" in told("nobody")


def test_a_password_typed_as_a_name_is_not_kept(people: People, client_for: ClientFor) -> None:
    for name in ("my-secret-password", "viewer"):
        log_in(client_for(None), name, "x")
    subjects = AuditEntry.objects.filter(action="login.failed").order_by("pk").values_list("subject", flat=True)
    assert list(subjects) == ["", "viewer"]


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait_and_is_not_called_wrong(
    people: People, client_for: ClientFor
) -> None:
    answers = [log_in(client_for(None), "viewer", "wrong").content.decode() for _attempt in range(5)]
    assert all("do not belong together" in answer for answer in answers)
    answer = log_in(client_for(None), "viewer").content.decode()
    assert "wait a quarter of an hour" in answer
    assert "do not belong together" not in answer
    assert log_in(client_for(None), "approver").status_code == 302


def test_a_name_is_guessed_at_no_faster_from_many_addresses_names_of_the_site_and_spellings(
    nobody: Client, people: People
) -> None:
    spellings = ["viewer", "VIEWER", " viewer ", "Viewer", "vieweR"]
    for number, name in enumerate(spellings):
        asked = {"login": name, "password": "wrong"}
        nobody.post("/login", asked, headers={"host": f"localhost:{number + 1}"}, REMOTE_ADDR=f"10.0.{number}.1")
    right = {"login": "viewer", "password": PASSWORD}
    answer = nobody.post("/login", right, headers={"host": "127.0.0.1:99"}, REMOTE_ADDR="10.9.9.9")
    assert "wait a quarter of an hour" in answer.content.decode()


def test_what_was_counted_is_not_forgotten_for_many_others(people: People, client_for: ClientFor) -> None:
    for _attempt in range(5):
        log_in(client_for(None), "viewer", "wrong")
    for number in range(700):
        cache.set(f"another-{number}", [1.0], 900)
    assert "wait a quarter of an hour" in log_in(client_for(None), "viewer").content.decode()


def test_many_names_are_not_guessed_at_from_one_address(people: People, client_for: ClientFor) -> None:
    for number in range(30):
        log_in(client_for(None), f"name-{number}", "wrong")
    assert "wait a quarter of an hour" in log_in(client_for(None), "viewer").content.decode()
    elsewhere = client_for(None).post("/login", {"login": "viewer", "password": PASSWORD}, REMOTE_ADDR="10.0.0.2")
    assert elsewhere.status_code == 302


def test_a_login_that_worked_is_not_counted(people: People, client_for: ClientFor) -> None:
    for _round in range(7):
        assert log_in(client_for(None), "viewer").status_code == 302


def test_whoever_is_logged_in_is_not_held_up_by_who_guesses_their_password(people: People, viewer: Client) -> None:
    for _attempt in range(6):
        log_in(Client(), "viewer", "wrong")
    assert check_confirmation(people.viewer, QueryDict(urlencode({"confirmation": PASSWORD}))) == "password"


def test_a_deactivated_person_does_not_get_in(nobody: Client, people: People) -> None:
    Person.objects.filter(username="viewer").update(is_active=False)
    response = log_in(nobody, "viewer")
    assert response.status_code == 200
    assert "do not belong together" in response.content.decode()


def test_logging_out_is_a_form_and_ends_the_session(viewer: Client) -> None:
    assert viewer.get("/logout").status_code == 405
    assert viewer.get("/profile").status_code == 200
    assert viewer.post("/logout").headers["location"] == "/login"
    assert viewer.get("/profile").status_code == 302
    assert not Session.objects.exists()


def test_a_login_form_of_another_site_does_nothing(people: People) -> None:
    client = Client(enforce_csrf_checks=True)
    assert log_in(client, "viewer").status_code == 403


def test_before_anybody_exists_the_login_says_where_the_link_is(nobody: Client, site: Site) -> None:
    assert "open the one-time link" in nobody.get("/login").content.decode()
