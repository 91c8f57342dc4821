"""A scripted server, and the real client to face it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from batch.provider.client import Client
from batch.provider.http import HttpTransport
from batch.settings import Secret
from tests.provider.server import Scenario, ScriptedServer

KEY = "key-0123456789-that-must-not-show"
Serve = Callable[..., ScriptedServer]
TransportTo = Callable[..., HttpTransport]
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
def transport_to() -> Iterator[TransportTo]:
    """A transport to an address or to a server on this machine."""
    with ExitStack() as stack:

        def open_transport(
            target: ScriptedServer | str, *, connect: float = 2.0, read: float = 2.0, tls: bool = False
        ) -> HttpTransport:
            scheme = "https" if tls else "http"
            host = "localhost" if tls else "127.0.0.1"
            url = target if isinstance(target, str) else f"{scheme}://{host}:{target.port}/v1"
            transport = HttpTransport(url, connect_timeout=connect, read_timeout=read)
            stack.callback(transport.close)
            return transport

        yield open_transport


@pytest.fixture
def client_to(transport_to: TransportTo) -> ClientTo:
    """A client of a server on this machine; its waits are skipped."""

    def open_client(
        target: ScriptedServer | str, *, answers: str = "json", read: float = 2.0, tls: bool = False
    ) -> Client:
        transport = transport_to(target, read=read, tls=tls)
        return Client(transport, Secret(KEY), answers=answers, sleep=lambda _: None)

    return open_client
