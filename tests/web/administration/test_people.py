from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from batch.web.administration import views
from batch.web.models import AuditEntry, Person
from tests.web.auth.test_confirm import enrol
from tests.web.conftest import PASSWORD, ClientFor, People, act_at_once, make_person

_ALL_ROLES = {"can_prepare": "on", "can_approve": "on", "can_administer": "on"}


def sent(person: Person, **changed: str) -> dict[str, str]:
    """The form as the page has it, with something changed; an empty value is a box that is not ticked."""
    form = {"full_name": person.full_name, "email": person.email, "language": person.language}
    form |= {name: "on" for name in (*_ALL_ROLES, "is_active") if getattr(person, name)}
    return {name: value for name, value in (form | changed).items() if value or name in {"email", "language"}}


def test_somebody_new_gets_a_link_and_chooses_a_password(administrator: Client, nobody: Client, people: People) -> None:
    form = {"username": "nina", "full_name": "Nina New", "email": "", "language": "fr", "can_prepare": "on"}
    page = administrator.post("/administration/people/new", form).content.decode()
    address = re.findall(r"http://testserver(/invitation/[\w-]+)", page)[0]
    nina = Person.objects.get(username="nina")
    assert not nina.has_usable_password()
    assert (nina.can_prepare, nina.can_approve, nina.language) == (True, False, "fr")
    nobody.get(address)
    nobody.post("/welcome", {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert nobody.get("/profile").status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        *({"username": name, "full_name": "New"} for name in ("VIEWER", "a b", "<b>", "x" * 65)),
        *({"username": "new", "full_name": name} for name in ("viewer  TEST", "")),
    ],
)
def test_names_that_would_be_mistaken_are_refused(administrator: Client, form: dict[str, str], people: People) -> None:
    page = administrator.post("/administration/people/new", form)
    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    assert Person.objects.count() == 5


def test_an_administrator_without_a_role_cannot_give_it(people: People, client_for: ClientFor) -> None:
    plain = make_person("plain", can_administer=True)
    client = client_for(plain)
    client.post(f"/administration/people/{people.viewer.pk}", sent(people.viewer, can_approve="on"))
    client.post("/administration/people/new", {"username": "new", "full_name": "New", "can_approve": "on"})
    client.post(f"/administration/people/{plain.pk}", sent(plain, **_ALL_ROLES))
    assert not Person.objects.filter(username__in=["viewer", "new", "plain"], can_approve=True).exists()


def test_an_administrator_without_a_role_cannot_wake_somebody_who_had_it(people: People, client_for: ClientFor) -> None:
    plain = make_person("plain", can_administer=True)
    Person.objects.filter(pk=people.approver.pk).update(is_active=False)
    people.approver.refresh_from_db()
    client = client_for(plain)
    page = client.post(f"/administration/people/{people.approver.pk}", sent(people.approver, is_active="on"))
    assert "You can only grant roles that you have yourself." in page.content.decode()
    people.approver.refresh_from_db()
    assert not people.approver.is_active


def test_a_link_or_a_lost_phone_is_no_way_to_a_role(
    administrator: Client, people: People, client_for: ClientFor
) -> None:
    plain = make_person("plain", can_administer=True)
    enrol(people.approver)
    client = client_for(plain)
    page = client.post(f"/administration/people/{people.approver.pk}/link", follow=True).content.decode()
    assert "/invitation/" not in page
    assert "has a role that you lack" in page
    client.post(f"/administration/people/{people.approver.pk}/authenticator")
    assert Authenticator.objects.count() == 1
    assert "/invitation/" in administrator.post(f"/administration/people/{people.approver.pk}/link").content.decode()
    administrator.post(f"/administration/people/{people.approver.pk}/authenticator")
    assert Authenticator.objects.count() == 0


@pytest.mark.parametrize("lost", ["is_active", "can_administer"])
def test_nobody_locks_themselves_out(lost: str, people: People, client_for: ClientFor) -> None:
    me = people.administrator
    page = client_for(me).post(f"/administration/people/{me.pk}", sent(me, **{lost: ""}))
    assert "another administrator can" in page.content.decode()
    me.refresh_from_db()
    assert me.is_active
    assert me.can_administer


def test_somebody_deactivated_is_logged_out_with_their_next_click(
    viewer: Client, administrator: Client, people: People
) -> None:
    assert viewer.get("/profile").status_code == 200
    url = f"/administration/people/{people.viewer.pk}"
    assert administrator.post(url, sent(people.viewer, is_active="")).status_code == 302
    assert viewer.get("/profile").status_code == 302


def test_two_administrators_who_demote_each_other_at_once_do_not_both_succeed(
    people: People, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_person("other", can_prepare=True, can_approve=True, can_administer=True)
    together = threading.Barrier(2)
    asked: Callable[..., str | None] = views._save

    def at_once(*given: object) -> str | None:
        together.wait(timeout=20)
        return asked(*given)

    monkeypatch.setattr(views, "_save", at_once)

    def demote(me: Person, them: Person) -> None:
        client_for(me).post(f"/administration/people/{them.pk}", sent(them, can_administer=""))

    act_at_once(lambda pair: demote(*pair), (people.administrator, other), (other, people.administrator))
    assert Person.objects.filter(can_administer=True, is_active=True).count() == 1


def test_every_change_is_in_the_audit_log(administrator: Client, people: People) -> None:
    url = f"/administration/people/{people.viewer.pk}"
    administrator.post(url, sent(people.viewer, can_prepare="on"))
    entry = AuditEntry.objects.get(action="person.changed")
    assert (entry.who, entry.subject) == ("Administrator Test", "viewer")
    assert entry.particulars == {"can_prepare": [False, True]}


def test_somebody_who_does_not_exist_is_a_page_that_says_so(administrator: Client, people: People) -> None:
    assert administrator.get("/administration/people/99999").status_code == 404
    assert administrator.post("/administration/people/99999/link").status_code == 404
