"""A scripted server, and the real client to face it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from batch.provider.client import Client
from batch.provider.wire import Wire
from batch.settings import Secret
from tests.provider.server import Scenario, ScriptedServer

KEY = "key-0123456789-that-must-not-show"
Serve = Callable[..., ScriptedServer]
WireTo = Callable[..., Wire]
ClientTo = Callable[..., Client]


@pytest.fixture(autouse=True)
def _quiet_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no certificates but those that a test sets."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}:
            monkeypatch.delenv(name)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server that plays the scenarios, one a connection, the last one for all further ones."""
    with ExitStack() as stack:

        def start(*scenarios: Scenario) -> ScriptedServer:
            server = ScriptedServer(scenarios)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def wire_to() -> Iterator[WireTo]:
    """A wire to an address or to a server on this machine."""
    with ExitStack() as stack:

        def open_wire(
            target: ScriptedServer | str, *, connect: float = 2.0, read: float = 2.0, tls: bool = False
        ) -> Wire:
            scheme = "https" if tls else "http"
            host = "localhost" if tls else "127.0.0.1"
            url = target if isinstance(target, str) else f"{scheme}://{host}:{target.port}/v1"
            wire = Wire(url, connect_timeout=connect, read_timeout=read)
            stack.callback(wire.close)
            return wire

        yield open_wire


@pytest.fixture
def client_to(wire_to: WireTo) -> ClientTo:
    """A client of a server on this machine; its waits are skipped."""

    def open_client(
        target: ScriptedServer | str, *, answers: str = "json", read: float = 2.0, tls: bool = False
    ) -> Client:
        wire = wire_to(target, read=read, tls=tls)
        return Client(wire, Secret(KEY), answers=answers, sleep=lambda _: None)

    return open_client
