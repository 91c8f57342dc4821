"""One-time links: they work once, for a while, and leave no trace of their secret."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from batch.web.access import Role, find_roles
from batch.web.auth import services
from batch.web.models import AuditEntry, Invitation, Person
from tests.web.conftest import PASSWORD, ClientFor, People, Site, act_at_once

_NAMES = {"username": "first", "full_name": "The First", "email": ""}
_FIRST = {**_NAMES, "new_password1": PASSWORD, "new_password2": PASSWORD}
_CHOSEN = {"new_password1": PASSWORD + "!", "new_password2": PASSWORD + "!"}


def test_the_first_administrator_has_every_role_and_is_logged_in(nobody: Client, site: Site) -> None:
    secret = services.make_first_link()
    arrived = nobody.get(f"/setup/{secret}")
    assert arrived.headers["location"] == "/welcome"
    assert "The first administrator" in nobody.get("/welcome").content.decode()
    assert nobody.post("/welcome", _FIRST).headers["location"] == "/"
    assert find_roles(Person.objects.get()) == set(Role)
    assert "The First" in nobody.get("/").content.decode()
    assert AuditEntry.objects.get(action="link.used").particulars == {"first": True}


def test_it_works_once_and_only_while_nobody_exists(site: Site, client_for: ClientFor) -> None:
    secret = services.make_first_link()
    late = client_for(None)
    late.get(f"/setup/{secret}")
    client = client_for(None)
    client.get(f"/setup/{secret}")
    client.post("/welcome", _FIRST)
    assert late.post("/welcome", {**_FIRST, "username": "second"}).status_code == 410
    assert client_for(None).get(f"/setup/{secret}").status_code == 410
    assert services.make_first_link() is None
    assert Person.objects.count() == 1


def test_two_who_send_the_form_at_once_make_one_person(site: Site, client_for: ClientFor) -> None:
    secret = services.make_first_link()
    clients = {name: client_for(None) for name in ("one", "two")}
    for client in clients.values():
        client.get(f"/setup/{secret}")

    def send(name: str) -> int:
        return clients[name].post("/welcome", {**_FIRST, "username": name}).status_code

    assert {*act_at_once(send, *clients)} == {302, 410}
    assert Person.objects.count() == 1


def test_a_new_link_for_the_first_ends_the_one_before(nobody: Client, site: Site) -> None:
    before = services.make_first_link()
    services.make_first_link()
    assert nobody.get(f"/setup/{before}").status_code == 410


def test_a_link_expires(people: People, client_for: ClientFor) -> None:
    secret = services.make_link(people.viewer)
    client = client_for(None)
    client.get(f"/invitation/{secret}")
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.post("/welcome", _CHOSEN).status_code == 410
    assert client_for(None).get(f"/invitation/{secret}").status_code == 410


def test_an_invited_person_chooses_a_password_and_every_other_session_of_theirs_ends(
    viewer: Client, nobody: Client, people: People
) -> None:
    assert viewer.get("/profile").status_code == 200
    nobody.get(f"/invitation/{services.make_link(people.viewer)}")
    assert "Welcome, Viewer Test" in nobody.get("/welcome").content.decode()
    assert nobody.post("/welcome", _CHOSEN).status_code == 302
    assert viewer.get("/profile").status_code == 302
    assert nobody.get("/profile").status_code == 200


def test_a_deactivated_persons_link_does_not_work(nobody: Client, people: People) -> None:
    secret = services.make_link(people.viewer)
    Person.objects.filter(pk=people.viewer.pk).update(is_active=False)
    assert nobody.get(f"/invitation/{secret}").status_code == 410


def test_weak_and_different_passwords_are_refused(nobody: Client, people: People) -> None:
    nobody.get(f"/invitation/{services.make_link(people.viewer)}")
    for first, second in (("short", "short"), ("1234567890123", "1234567890123"), (PASSWORD, PASSWORD + "x")):
        page = nobody.post("/welcome", {"new_password1": first, "new_password2": second})
        assert page.status_code == 200
        assert "errorlist" in page.content.decode()
    assert Invitation.objects.filter(used_at=None).exists()


@pytest.mark.parametrize(
    "password",
    [
        "elevensigns", "123456789012", "MotDePasse2026", "azertyuiop123", "SmsPartner2026!", "creditbatch1",
        "viewertest12", "viewer@example.com", "Correct Horse Battery Staple",
    ],
)  # fmt: skip
def test_short_common_french_and_ones_own_words_are_no_passwords(password: str, nobody: Client, people: People) -> None:
    nobody.get(f"/invitation/{services.make_link(people.viewer)}")
    page = nobody.post("/welcome", {"new_password1": password, "new_password2": password})
    assert page.status_code == 200
    assert "errorlist" in page.content.decode()


def test_only_a_hash_of_the_secret_is_kept(nobody: Client, people: People, site: Site) -> None:
    secret = services.make_link(people.viewer)
    nobody.get(f"/invitation/{secret}")
    connections["default"].close()
    for file in site.home.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes()
