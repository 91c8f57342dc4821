"""Enrolling, removing and being asked for a second factor, and every way around it."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from allauth.mfa.models import Authenticator
from django.http import HttpResponse, QueryDict
from django.test import Client

from batch.web.auth.services import check_confirmation
from batch.web.models import AuditEntry, SiteSettings
from tests.web.auth.test_confirm import code_of, enrol
from tests.web.auth.test_login import log_in
from tests.web.conftest import PASSWORD, ClientFor, People, Site

_ENROL = "/profile/authenticator"


def confirm(client: Client, **given: str) -> None:
    """Show once more who is at the screen, as the page before a change of the factors asks."""
    where = "/confirm" if "password" in given else "/confirm/code"
    assert client.post(where, given).status_code == 302


def enrol_on_pages(client: Client) -> list[str]:
    confirm(client, password=PASSWORD)
    secret = read_secret(client)
    page = client.post(_ENROL, {"code": code_of(secret)}, follow=True).content.decode()
    return re.findall(r"<li>(\d{8})</li>", page)


def read_secret(client: Client) -> str:
    found = re.search(r'<span class="mono">([A-Z2-7]{32})</span>', client.get(_ENROL).content.decode())
    assert found is not None
    return found[1]


def has_factor(people: People) -> bool:
    return bool(Authenticator.objects.filter(user=people.approver, type="totp").exists())


def test_password_and_first_code_enrol_it_and_the_recovery_codes_are_shown_once(
    approver: Client, people: People
) -> None:
    assert approver.get(_ENROL).headers["location"].startswith("/confirm?next=")
    codes = enrol_on_pages(approver)
    assert len(set(codes)) == 10
    assert has_factor(people)
    assert AuditEntry.objects.filter(action="authenticator.enrolled").count() == 1
    assert codes[0] not in approver.get("/profile/recovery-codes").content.decode()


def test_without_the_password_nothing_is_enrolled(approver: Client, people: People) -> None:
    assert approver.post("/confirm", {"password": "wrong"}).status_code == 200
    assert approver.get(_ENROL).status_code == 302
    assert approver.post(_ENROL, {"code": "000000"}).status_code == 302
    assert approver.get("/profile/passkeys/new").status_code == 302
    assert not has_factor(people)


def test_a_wrong_code_does_not_enrol(approver: Client, people: People) -> None:
    confirm(approver, password=PASSWORD)
    read_secret(approver)
    for code in ("000000", "", "x" * 12):
        assert approver.post(_ENROL, {"code": code}).status_code == 200
    assert not has_factor(people)


def test_after_the_password_the_login_asks_for_the_code(nobody: Client, people: People) -> None:
    secret = enrol(people.approver)
    assert log_in(nobody, "approver", next="/batches/").headers["location"] == "/login/second"
    page = nobody.post("/login/second", {"code": "000000"})
    assert "not right" in page.content.decode()
    assert nobody.post("/login/second", {"code": code_of(secret)}).headers["location"] == "/batches/"
    assert nobody.get("/profile").status_code == 200


@pytest.mark.parametrize(
    "page", ["/", "/profile", "/drafts/new", "/batches/", "/administration/", "/profile/second-factor", "/confirm"]
)
def test_no_page_is_open_before_the_second_step(page: str, nobody: Client, people: People) -> None:
    enrol(people.administrator)
    log_in(nobody, "administrator")
    assert nobody.get(page).status_code == 302
    assert nobody.post(page).status_code in {302, 405}
    assert nobody.get("/profile").headers["location"].startswith("/login")


def test_the_second_step_alone_is_nothing(nobody: Client, people: People) -> None:
    secret = enrol(people.approver)
    assert nobody.get("/login/second").status_code == 302
    assert nobody.post("/login/second", {"code": code_of(secret)}).status_code == 302
    assert nobody.get("/profile").status_code == 302


def test_a_code_that_was_used_logs_nobody_else_in(people: People, client_for: ClientFor) -> None:
    secret = enrol(people.approver)
    first, second = client_for(None), client_for(None)
    for client in (first, second):
        log_in(client, "approver")
    code = code_of(secret)
    assert first.post("/login/second", {"code": code}).status_code == 302
    assert second.post("/login/second", {"code": code}).status_code == 200
    assert second.get("/profile").status_code == 302


def test_after_five_wrong_codes_the_right_one_is_told_to_wait(people: People, client_for: ClientFor) -> None:
    secret = enrol(people.approver)
    for _attempt in range(5):
        client = client_for(None)
        log_in(client, "approver")
        client.post("/login/second", {"code": "000000"})
    client = client_for(None)
    log_in(client, "approver")
    page = client.post("/login/second", {"code": code_of(secret)}).content.decode()
    assert "wait a quarter of an hour" in page


def test_a_recovery_code_takes_its_place_once(approver: Client, people: People, client_for: ClientFor) -> None:
    code = enrol_on_pages(approver)[3]
    for status in (302, 200):
        client = client_for(None)
        log_in(client, "approver")
        assert client.post("/login/second", {"code": f" {code[:4]} {code[4:]}"}).status_code == status


def test_a_one_time_link_is_no_way_around_it(nobody: Client, people: People) -> None:
    from batch.web.auth import services

    enrol(people.approver)
    nobody.get(f"/invitation/{services.make_link(people.approver)}")
    chosen = {"new_password1": PASSWORD + "!", "new_password2": PASSWORD + "!"}
    assert nobody.post("/welcome", chosen).headers["location"] == "/login/second"
    assert nobody.get("/profile").status_code == 302


def test_the_password_does_not_remove_it_but_a_code_does(approver: Client, people: People) -> None:
    secret = enrol(people.approver)
    assert approver.get("/profile/authenticator/remove").headers["location"].startswith("/confirm/code")
    answer = approver.post("/confirm", {"password": PASSWORD})
    assert isinstance(answer, HttpResponse)
    approver.post("/profile/authenticator/remove")
    assert has_factor(people)
    confirm(approver, code=code_of(secret))
    approver.post("/profile/authenticator/remove")
    assert not has_factor(people)
    assert not Authenticator.objects.filter(user=people.approver).exists()


def test_a_role_that_asks_for_it_enrols_before_anything_else(people: People, client_for: ClientFor) -> None:
    SiteSettings.objects.create(pk=1, second_factor_roles=["approver"])
    client, other = client_for(people.approver), client_for(people.preparer)
    assert other.get("/batches/").status_code == 200
    for page in ("/", "/batches/", "/profile", "/profile/password", "/profile/sessions", "/accounts/"):
        assert client.get(page).headers["location"] == "/profile/second-factor"
    fragment = client.get("/balance", headers={"hx-request": "true"})
    assert fragment.headers["hx-redirect"] == "/profile/second-factor"
    assert "before anything else" in client.get("/profile/second-factor").content.decode()
    enrol_on_pages(client)
    assert client.get("/batches/").status_code == 200


def test_whose_role_asks_for_it_may_still_log_out(people: People, client_for: ClientFor) -> None:
    SiteSettings.objects.create(pk=1, second_factor_roles=["viewer"])
    client = client_for(people.viewer)
    assert client.post("/logout").headers["location"] == "/login"


def test_an_administrator_says_which_roles_ask_for_it(administrator: Client, people: People) -> None:
    form = {"four_eyes": "on", "language": "en", "second_factor_roles": ["approver", "administrator"]}
    assert administrator.post("/administration/settings", form).status_code == 302
    assert SiteSettings.load().second_factor_roles == ["approver", "administrator"]
    assert administrator.get("/administration/").headers["location"] == "/profile/second-factor"


def test_every_post_needs_the_sites_own_form(people: People, site: Site, client_for: ClientFor) -> None:
    client = client_for(people.approver, enforce_csrf_checks=True)
    for address in (
        "/login", "/login/second", "/login/passkey", "/logout", "/confirm", "/confirm/code", "/confirm/passkey",
        "/profile/sessions", "/profile/authenticator", "/profile/authenticator/remove", "/profile/recovery-codes/new",
        "/profile/passkeys/new", "/profile/passkeys/1/remove",
    ):  # fmt: skip
        assert client.post(address).status_code == 403, address


@pytest.mark.parametrize("credential", ["", "x", "{}", "[]", "null", '{"id": "x", "rawId": "eA", "response": {}}'])
def test_a_passkeys_answer_that_was_made_up_is_none(
    credential: str, people: People, nobody: Client, approver: Client
) -> None:
    assert nobody.post("/login/passkey", {"credential": credential}).headers["location"] == "/login"
    assert nobody.get("/profile").status_code == 302
    enrol(people.preparer)
    log_in(nobody, "preparer")
    assert nobody.post("/login/second", {"credential": credential}).status_code == 200
    posted = QueryDict(urlencode({"credential": credential}))
    assert check_confirmation(people.approver, posted) is None
    assert check_confirmation(people.preparer, posted) is None
