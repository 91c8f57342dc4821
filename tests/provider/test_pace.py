"""Every call waits for its turn, whichever thread and connection makes it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from batch.provider.client import open_client
from batch.provider.http import DEFAULT_PER_SECOND, HttpTransport, Pace, choose_pace
from batch.settings import Secret, load_settings
from tests.provider.conftest import KEY, Wire
from tests.provider.server import ScriptedServer, always
from tests.provider.test_client import ME


@pytest.mark.parametrize(
    ("url", "chosen", "pace"),
    [
        ("https://api.smspartner.fr/v1", None, DEFAULT_PER_SECOND), ("https://api.smspartner.fr/v1", 0.0, 0.0),
        ("https://api.smspartner.fr/v1", 5.0, 5.0), ("https://127.0.0.1.example.com/v1", None, DEFAULT_PER_SECOND),
        ("http://127.0.0.1:8765/v1", None, 0.0), ("http://localhost:8765/v1", None, 0.0),
        ("http://[::1]:8765/v1", None, 0.0), ("http://127.0.0.1:8765/v1", 5.0, 5.0),
    ],
)  # fmt: skip
def test_the_pace_of_an_address(url: str, chosen: float | None, pace: float) -> None:
    assert choose_pace(url, chosen) == pace


def test_the_default_is_below_what_the_provider_takes() -> None:
    assert DEFAULT_PER_SECOND * 60 < 2000


def questions(server: ScriptedServer, per_second: float, stack: ExitStack) -> Callable[[], object]:
    transport = HttpTransport(
        f"http://127.0.0.1:{server.port}/v1", connect_timeout=2, read_timeout=2, pace=Pace(per_second)
    )
    stack.callback(transport.close)
    return lambda: transport.get("/me", query={}, limit=1000, seconds=2)


def test_several_connections_and_threads_share_one_pace(wire: Wire) -> None:
    server = wire.serve(always("{}"))
    with ExitStack() as stack:
        asking = [questions(server, 20, stack) for _ in range(3)]
        began = time.monotonic()
        threads = [threading.Thread(target=lambda ask=ask: [ask(), ask()]) for ask in asking]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.heard) == 6
    assert time.monotonic() - began > 5 / 20


def test_without_a_pace_nobody_waits(wire: Wire) -> None:
    server = wire.serve(always("{}"))
    with ExitStack() as stack:
        questions(server, 0.5, stack)()
        began = time.monotonic()
        questions(server, 0, stack)()
    assert time.monotonic() - began < 1


def test_the_setting_is_kept_and_the_wait_is_told_beforehand(wire: Wire) -> None:
    server = wire.serve(always(ME))
    chosen = {"CREDITBATCH_API_URL": f"http://127.0.0.1:{server.port}/v1", "CREDITBATCH_MAX_PER_SECOND": "1"}
    with open_client(load_settings(chosen), Secret(KEY)) as client:
        began = time.monotonic()
        client.fetch_main_account()
        assert 0 < client.predict_wait() <= 1
        client.fetch_main_account()
    assert time.monotonic() - began >= 1
    with open_client(load_settings({**chosen, "CREDITBATCH_MAX_PER_SECOND": ""}), Secret(KEY)) as client:
        assert client.predict_wait() == 0
