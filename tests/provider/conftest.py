"""A scripted server, and the real client to face it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from batch.provider.client import Client
from batch.provider.http import HttpTransport
from batch.settings import Secret
from tests.provider.server import CERTIFICATE, Scenario, ScriptedServer, encrypted

KEY = "key-0123456789-that-must-not-show"


def at_once() -> bool:
    return True


class Wire:
    """Servers on this machine, and what is to face them; all are closed at the end of the test."""

    def __init__(self, stack: ExitStack, patch: pytest.MonkeyPatch) -> None:
        self._stack, self.patch = stack, patch

    def serve(self, *scenarios: Scenario, tls: bool = False) -> ScriptedServer:
        """Start a server that plays the scenarios, one a connection, the last one for all further ones."""
        server = ScriptedServer([encrypted(one) if tls else one for one in scenarios])
        self._stack.callback(server.close)
        return server

    def transport(
        self, target: ScriptedServer | str, *, connect: float = 2.0, read: float = 2.0, tls: bool = False
    ) -> HttpTransport:
        here = "https://localhost" if tls else "http://127.0.0.1"
        url = target if isinstance(target, str) else f"{here}:{target.port}/v1"
        transport = HttpTransport(url, connect_timeout=connect, read_timeout=read)
        self._stack.callback(transport.close)
        return transport

    def client(
        self, target: ScriptedServer | str, *, answers: str = "json", read: float = 2.0, tls: bool = False
    ) -> Client:
        """A client whose waits are skipped."""
        transport = self.transport(target, read=read, tls=tls)
        return Client(transport, Secret(KEY), answers=answers, sleep=lambda _: None)

    def through(self, proxy: ScriptedServer, credentials: str = "", scheme: str = "http") -> None:
        for name in ("http_proxy", "https_proxy"):
            self.patch.setenv(name, f"{scheme}://{credentials}localhost:{proxy.port}")


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """With no proxy, and with the certificate of the tests, unless a test says otherwise."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name == "CURL_CA_BUNDLE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    with ExitStack() as stack:
        yield Wire(stack, monkeypatch)
