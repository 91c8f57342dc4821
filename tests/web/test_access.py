"""Every address of the site says who may come, and keeps everybody else out."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from batch.web.access import Role, find_roles
from tests.web.conftest import ClientFor, People

_STAND_INS = {"uuid": str(uuid.uuid4()), "int": "7", "str": "nothing", "path": "nothing"}
_OPEN = {
    "account_login", "mfa_authenticate", "mfa_login_webauthn", "openid_connect_login", "openid_connect_callback",
    "account_logout", "setup", "invitation", "welcome",
}  # fmt: skip


def every_view() -> Iterator[tuple[str, URLPattern]]:
    """Each view with its route."""

    def walk(patterns: list[Any], before: str) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            else:
                yield route, pattern

    return walk(get_resolver().url_patterns, "/")


def fill_in(route: str, parts: Mapping[str, str]) -> str:
    """The address, with something of its kind in the place of each parameter."""
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: parts[found[1] or "str"], route)


def every_address() -> Iterator[tuple[str, URLPattern]]:
    return ((fill_in(route, _STAND_INS), pattern) for route, pattern in every_view())


def test_every_view_says_who_may_come(people: People) -> None:
    views = list(every_address())
    assert len(views) > 20
    for address, pattern in views:
        needed = getattr(pattern.callback, "needed_roles", None)
        assert needed is not None, f"{address} does not say who may come"
        assert bool(needed) is (pattern.name not in _OPEN), f"{address} is open to all, or should be"


def test_nobody_gets_in_without_logging_in(nobody: Client, people: People) -> None:
    for address, pattern in every_address():
        if pattern.name in _OPEN:
            continue
        for method in ("get", "post"):
            response = getattr(nobody, method)(address)
            assert response.status_code in {302, 405}, f"{method} {address}: {response.status_code}"
            if response.status_code == 302:
                assert response.headers["location"].startswith("/login?next=")


def test_whoever_has_the_role_is_let_in_and_whoever_lacks_it_is_refused_with_a_page(
    people: People, client_for: ClientFor
) -> None:
    for person in people:
        client = client_for(person)
        for address, pattern in every_address():
            needed = getattr(pattern.callback, "needed_roles")  # noqa: B009 (mypy does not know it)
            if needed and not find_roles(person).isdisjoint(needed):
                status = client.get(address).status_code
                assert status != 403, f"{person} {address}"
                assert status < 500 or status in {502, 503}, f"{person} {address}"
            elif needed:
                for method in ("get", "post"):
                    response = getattr(client, method)(address)
                    assert response.status_code in {403, 405}, f"{person} {method} {address}: {response.status_code}"
                    assert "<h1>" in response.content.decode()


def test_a_part_of_a_page_sends_the_whole_page_to_the_login(nobody: Client, people: People) -> None:
    response = nobody.get(
        "/balance", headers={"hx-request": "true", "hx-current-url": "http://testserver/batches/b-1/?page=2"}
    )
    assert response.status_code == 401
    assert response.headers["hx-redirect"] == "/login?next=/batches/b-1/%3Fpage%3D2"


def test_roles_are_what_was_ticked_and_none_of_whoever_is_not_active(people: People) -> None:
    assert find_roles(people.viewer) == {Role.VIEWER}
    assert find_roles(people.preparer) == {Role.VIEWER, Role.PREPARER}
    assert find_roles(people.approver) == {Role.VIEWER, Role.APPROVER}
    assert find_roles(people.administrator) == set(Role)
    people.approver.is_active = False
    assert find_roles(people.approver) == frozenset()
