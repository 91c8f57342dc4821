"""Every address of the site says who may come, and keeps everybody else out."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from batch.web.access import Role, find_roles
from tests.web.conftest import ClientFor, People

_STAND_INS = {
    "uuid": str(uuid.uuid4()),
    "int": "7",
    "str": "nothing",
    "path": "nothing",
}
_OPEN = {"login", "logout", "setup", "invitation", "welcome"}


def every_view() -> Iterator[tuple[str, URLPattern]]:
    """The address of each view, with something in the place of its parameters."""

    def walk(patterns: list[Any], before: str) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            address = before + _address(pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, address)
            else:
                yield address, pattern

    return walk(get_resolver().url_patterns, "/")


def _address(pattern: URLPattern | URLResolver) -> str:
    route = str(pattern.pattern)
    for name, converter in pattern.pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
        for form in (f"<{kind}:{name}>", f"<{name}>"):
            route = route.replace(form, _STAND_INS[kind])
    assert "<" not in route
    return route


def _needed(pattern: URLPattern) -> tuple[Role, ...]:
    needed: tuple[Role, ...] = getattr(pattern.callback, "needed_roles")  # noqa: B009 (mypy does not know it)
    return needed


def test_every_view_says_who_may_come(people: People) -> None:
    views = list(every_view())
    assert len(views) > 20
    for address, pattern in views:
        needed = getattr(pattern.callback, "needed_roles", None)
        assert needed is not None, f"{address} does not say who may come"
        assert bool(needed) is (pattern.name not in _OPEN), f"{address} is open to all, or should be"


def test_nobody_gets_in_without_logging_in(people: People, client_for: ClientFor) -> None:
    for address, pattern in every_view():
        if pattern.name in _OPEN:
            continue
        for method in ("get", "post"):
            response = getattr(client_for(None), method)(address)
            assert response.status_code in {302, 405}, f"{method} {address}: {response.status_code}"
            if response.status_code == 302:
                assert response.headers["location"].startswith("/login?next=")


def test_whoever_lacks_the_role_is_refused_with_a_page(people: People, client_for: ClientFor) -> None:
    for person in people:
        client = client_for(person)
        for address, pattern in every_view():
            needed = _needed(pattern)
            if not needed or not find_roles(person).isdisjoint(needed):
                continue
            for method in ("get", "post"):
                response = getattr(client, method)(address)
                assert response.status_code in {403, 405}, f"{person} {method} {address}: {response.status_code}"
                assert "<h1>" in response.content.decode()


def test_whoever_has_the_role_is_not_refused(people: People, client_for: ClientFor) -> None:
    for person in people:
        client = client_for(person)
        for address, pattern in every_view():
            needed = _needed(pattern)
            if needed and not find_roles(person).isdisjoint(needed):
                response = client.get(address)
                assert response.status_code != 403, f"{person} {address}"
                assert response.status_code < 500 or response.status_code in {502, 503}, f"{person} {address}"


def test_a_deactivated_person_is_logged_out_at_once(people: People, client_for: ClientFor) -> None:
    client = client_for(people.approver)
    assert client.get("/profile").status_code == 200
    people.approver.is_active = False
    people.approver.save()
    assert client.get("/profile").status_code == 302
    assert find_roles(people.approver) == frozenset()


def test_a_part_of_a_page_sends_the_whole_page_to_the_login(people: People, client_for: ClientFor) -> None:
    response = client_for(None).get(
        "/balance", headers={"hx-request": "true", "hx-current-url": "http://testserver/batches/b-1/?page=2"}
    )
    assert response.status_code == 401
    assert response.headers["hx-redirect"] == "/login?next=/batches/b-1/%3Fpage%3D2"


def test_roles_are_what_was_ticked(people: People) -> None:
    assert find_roles(people.viewer) == {Role.VIEWER}
    assert find_roles(people.preparer) == {Role.VIEWER, Role.PREPARER}
    assert find_roles(people.approver) == {Role.VIEWER, Role.APPROVER}
    assert find_roles(people.administrator) == set(Role)
