"""Logging in by an organisation's OpenID Connect provider, which here is a real server on loopback."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from batch.errors import SettingsError
from batch.web.auth.services import list_confirmations
from batch.web.auth.sso import read_roles
from batch.web.configure import make_site_settings, read_site_options
from batch.web.models import AuditEntry, Person
from tests.web.auth.provider import CLIENT, Provider, make_key, run_provider
from tests.web.auth.test_confirm import code_of, enrol
from tests.web.conftest import People, Site

LogIn = Callable[..., HttpResponse]


@pytest.fixture
def provider(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with run_provider() as running:
        environ = {
            "CREDITBATCH_OIDC_URL": running.url,
            "CREDITBATCH_OIDC_CLIENT_ID": CLIENT,
            "CREDITBATCH_OIDC_CLIENT_SECRET": "s3cret",
            "CREDITBATCH_OIDC_NAME": "Our directory",
            "CREDITBATCH_OIDC_ROLES_CLAIM": "roles",
        }
        made = make_site_settings(site.home, read_site_options(environ), demo=False, hosts=())
        for name in ("SOCIALACCOUNT_PROVIDERS", "CREDITBATCH_ROLES_CLAIM"):
            monkeypatch.setattr(settings, name, made[name])
        yield running


@pytest.fixture
def log_in(provider: Provider, nobody: Client) -> LogIn:
    """Go to the provider, which says who it is, and come back."""

    def go(client: Client = nobody, **claims: object) -> HttpResponse:
        provider.claims = claims
        asked = client.get("/sso/sso/login?next=/batches/").headers["location"]
        assert asked.startswith(f"{provider.url}/authorize?")
        state = parse_qs(urlsplit(asked).query)["state"][0]
        answer = client.get("/sso/sso/callback", {"code": "c", "state": state})
        assert isinstance(answer, HttpResponse)
        return answer

    return go


def is_in(client: Client) -> bool:
    return client.get("/profile").status_code == 200


def test_the_login_page_leads_to_the_provider_with_a_proof_key(nobody: Client, provider: Provider) -> None:
    page = nobody.get("/login?next=/batches/").content.decode()
    assert "Log in with Our directory" in page
    asked = parse_qs(urlsplit(nobody.get("/sso/sso/login").headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["client_id"] == [CLIENT]
    assert asked["redirect_uri"] == ["http://testserver/sso/sso/callback"]


def test_whoever_has_a_role_is_made_a_person_with_it_and_gets_where_they_wanted(
    log_in: LogIn, nobody: Client, provider: Provider
) -> None:
    claims = {"name": "Ada L.", "preferred_username": "ada", "email": "ada@example.com"}
    assert log_in(roles=["approver", "else"], **claims).headers["location"] == "/batches/"
    assert is_in(nobody)
    ada = Person.objects.get()
    assert (ada.username, ada.full_name, ada.email) == ("ada", "Ada L.", "ada@example.com")
    assert (ada.can_prepare, ada.can_approve, ada.can_administer) == (False, True, False)
    assert not ada.has_usable_password()
    assert provider.asked[0]["code_verifier"]


def test_without_a_factor_of_their_own_they_confirm_nothing_until_they_enrol(log_in: LogIn, nobody: Client) -> None:
    log_in(roles="approver")
    ada = Person.objects.get()
    assert list_confirmations(ada) == frozenset()
    # They have no password to show first, and have just come from their provider.
    assert nobody.get("/profile/authenticator").status_code == 200


def test_who_came_by_sso_long_ago_logs_in_again_before_they_enrol(
    log_in: LogIn, nobody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(roles="approver")
    later = time.time() + 700
    monkeypatch.setattr("batch.web.auth.adapters.time.time", lambda: later)
    page = nobody.get("/profile/authenticator", follow=True).content.decode()
    assert "log out and log in again" in page


def test_the_second_factor_is_asked_for_after_sso_too(log_in: LogIn, nobody: Client) -> None:
    log_in(roles="approver")
    secret = enrol(Person.objects.get())
    nobody.post("/logout")
    assert log_in(roles="approver").headers["location"] == "/login/second"
    assert not is_in(nobody)
    nobody.post("/login/second", {"code": code_of(secret)})
    assert is_in(nobody)


def test_roles_follow_the_claim_at_every_login(log_in: LogIn, nobody: Client) -> None:
    log_in(roles=["approver", "preparer"])
    log_in(roles=["viewer"])
    assert is_in(nobody)
    person = Person.objects.get()
    assert not person.can_approve
    assert not person.can_prepare
    changed = AuditEntry.objects.get(action="person.changed")
    assert changed.particulars == {"can_prepare": [True, False], "can_approve": [True, False]}


@pytest.mark.parametrize("roles", [None, [], "", ["boss"], {"approver": True}, [["approver"]], 7])
def test_a_role_claim_that_is_missing_or_says_nothing_lets_nobody_in_and_takes_the_roles(
    roles: object, log_in: LogIn, nobody: Client
) -> None:
    assert log_in(roles=roles).headers["location"] == "/login"
    assert not is_in(nobody)
    assert not Person.objects.exists()
    assert "gives you no role here" in nobody.get("/login").content.decode()
    log_in(roles=["approver"])
    nobody.post("/logout")
    log_in(roles=roles)
    assert not is_in(nobody)
    assert not Person.objects.get().can_approve


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody-else"}, {"aud": None}, {"iss": "https://evil.example"}, {"iss": None},
        {"exp": int(time.time()) - 60}, {"exp": None, "iss": "x"}, {"sub": None},
    ],
)  # fmt: skip
def test_a_token_for_or_from_somebody_else_or_of_yesterday_logs_nobody_in(
    claims: dict[str, object], log_in: LogIn, nobody: Client
) -> None:
    assert log_in(roles=["administrator"], **claims).headers["location"] == "/login"
    assert not is_in(nobody)
    assert not Person.objects.exists()


@pytest.mark.parametrize("forged", ["key", "kid", "none", "hmac"])
def test_a_token_that_the_provider_has_not_signed_logs_nobody_in(
    forged: str, log_in: LogIn, nobody: Client, provider: Provider
) -> None:
    match forged:
        case "key":
            provider.key = make_key()
        case "kid":
            provider.kid = "k2"
        case "none":
            provider.key, provider.algorithm = None, "none"
        case _:
            provider.key, provider.algorithm = "x" * 40, "HS256"
    assert log_in(roles=["administrator"]).headers["location"] == "/login"
    assert not is_in(nobody)
    assert not Person.objects.exists()


def test_a_callback_that_this_browser_did_not_ask_for_does_nothing(nobody: Client, provider: Provider) -> None:
    provider.claims = {"roles": ["approver"]}
    for state in ("", "x"):
        assert nobody.get("/sso/sso/callback", {"code": "c", "state": state}).status_code == 302
    assert not is_in(nobody)


def test_a_token_is_not_taken_twice(log_in: LogIn, nobody: Client) -> None:
    log_in(roles=["approver"], jti="once")
    nobody.post("/logout")
    log_in(roles=["approver"], jti="once")
    assert not is_in(nobody)


def test_whoever_was_invited_is_known_by_an_address_that_the_provider_has_verified(
    log_in: LogIn, nobody: Client, people: People
) -> None:
    log_in(roles=["approver"], email="VIEWER@example.com", email_verified=True)
    assert "Viewer Test" in nobody.get("/profile").content.decode()
    assert Person.objects.get(pk=people.viewer.pk).can_approve
    assert SocialAccount.objects.get().user_id == people.viewer.pk


@pytest.mark.parametrize("verified", [None, False, "true"])
def test_an_address_that_nobody_verified_is_nobodys(
    verified: object, log_in: LogIn, nobody: Client, people: People
) -> None:
    log_in(roles=["viewer"], email="administrator@example.com", email_verified=verified, preferred_username="viewer")
    page = nobody.get("/profile").content.decode()
    assert "Administrator Test" not in page
    assert "viewer-2" in page


def test_the_same_subject_of_another_provider_is_somebody_else(
    log_in: LogIn, nobody: Client, provider: Provider
) -> None:
    log_in(roles=["approver"])
    nobody.post("/logout")
    provider.url = provider.url.replace("127.0.0.1", "localhost")
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = provider.url
    log_in(roles=["viewer"])
    assert Person.objects.count() == 2


def test_somebody_deactivated_does_not_get_in(log_in: LogIn, nobody: Client) -> None:
    log_in(roles=["approver"])
    nobody.post("/logout")
    Person.objects.update(is_active=False)
    assert log_in(roles=["approver"]).headers["location"] == "/login"
    assert not is_in(nobody)


def _join(client: Client, provider: Provider, **claims: object) -> int:
    """Join from one's own settings; how the callback answered."""
    provider.claims = claims
    found = re.search(r'href="(/sso/sso/login\?[^"]*process=connect[^"]*)"', client.get("/profile").content.decode())
    assert found is not None
    asked = client.get(html.unescape(found[1])).headers["location"]
    state = parse_qs(urlsplit(asked).query)["state"][0]
    return client.get("/sso/sso/callback", {"code": "c", "state": state}).status_code


def test_somebody_joins_their_account_there_and_stays_one_person(
    approver: Client, people: People, provider: Provider, log_in: LogIn, nobody: Client
) -> None:
    assert _join(approver, provider) == 302
    assert SocialAccount.objects.get().user_id == people.approver.pk
    assert "You can log in with it." in approver.get("/profile").content.decode()
    log_in(roles=["approver"])
    assert "Approver Test" in nobody.get("/profile").content.decode()


@pytest.mark.parametrize("token", ["", "guessed"])
def test_a_page_elsewhere_cannot_join_its_account_to_somebodys(
    token: str, approver: Client, provider: Provider
) -> None:
    approver.get("/profile")
    assert approver.get(f"/sso/sso/login?process=connect&token={token}").status_code == 403
    assert approver.get("/sso/sso/login?process=redirect").status_code == 403


def test_an_account_that_is_somebody_elses_is_not_joined(
    log_in: LogIn, approver: Client, provider: Provider, nobody: Client
) -> None:
    log_in(roles=["viewer"])
    _join(approver, provider)
    assert SocialAccount.objects.get().user.username != "approver"


def test_without_a_roles_claim_only_the_invited_get_in_and_keep_their_roles(
    log_in: LogIn, nobody: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CREDITBATCH_ROLES_CLAIM", "")
    log_in(sub="stranger", email="stranger@example.com", email_verified=True)
    assert not is_in(nobody)
    log_in(email="approver@example.com", email_verified=True)
    assert is_in(nobody)
    assert Person.objects.get(pk=people.approver.pk).can_approve


def test_nobody_is_sent_elsewhere_afterwards(log_in: LogIn, provider: Provider, nobody: Client) -> None:
    provider.claims = {"roles": ["viewer"]}
    asked = nobody.get("/sso/sso/login?next=https://evil.example/").headers["location"]
    state = parse_qs(urlsplit(asked).query)["state"][0]
    assert nobody.get("/sso/sso/callback", {"code": "c", "state": state}).headers["location"] == "/"


def test_a_provider_that_is_gone_is_said(nobody: Client, provider: Provider) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:1"
    assert nobody.get("/sso/sso/login").headers["location"] == "/login"
    assert "cannot be reached" in nobody.get("/login").content.decode()
    assert nobody.get("/sso/other/login").status_code == 404


def test_a_claim_may_be_a_path_and_names_with_points_are_looked_for_first() -> None:
    assert read_roles({"realm_access": {"roles": ["approver"]}}, "realm_access.roles") == {"approver"}
    assert read_roles({"https://a.b/roles": "viewer"}, "https://a.b/roles") == {"viewer"}
    assert read_roles({"realm_access": []}, "realm_access.roles") == frozenset()


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"CREDITBATCH_OIDC_URL": "http://login.example.com"}, "CREDITBATCH_OIDC_URL is not"),
        ({"CREDITBATCH_OIDC_URL": "nonsense"}, "CREDITBATCH_OIDC_URL is not"),
        ({"CREDITBATCH_OIDC_URL": "https://login.example.com"}, "CREDITBATCH_OIDC_CLIENT_ID"),
        ({"CREDITBATCH_OIDC_URL": "https://x.example", "CREDITBATCH_OIDC_CLIENT_ID": "c"}, "CLIENT_SECRET"),
    ],
)
def test_a_setting_that_is_wrong_is_named(environ: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        read_site_options(environ)
