from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batch.sandbox import Sandbox, SandboxOptions

from .conftest import ADD, REMOVE, Client, Opener

ROOT = Path(__file__).parents[2]


def test_the_url_is_what_a_client_needs(sandbox: Sandbox) -> None:
    assert sandbox.url == f"http://127.0.0.1:{sandbox.port}/v1"


def test_a_taken_port_is_told_at_once(sandbox: Sandbox) -> None:
    second = Sandbox(SandboxOptions(port=sandbox.port))
    with pytest.raises(OSError, match=r"in use|10048|10013"):
        second.start()
    second.close()


def test_closing_twice_is_fine_and_cuts_whoever_is_connected() -> None:
    sandbox = Sandbox(SandboxOptions())
    sandbox.close()
    sandbox.start()
    sandbox.add_fault("hang:seconds=60")
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as raw:
        raw.sendall(f"POST {ADD} HTTP/1.1\r\n\r\n".encode())
        time.sleep(0.05)
        sandbox.close()
        sandbox.close()
        assert raw.recv(1) == b""


def test_closing_ends_every_connection_and_thread_at_once() -> None:
    before = set(threading.enumerate())
    sandbox = Sandbox()
    sandbox.start()
    clients = [Client(sandbox.port) for _ in range(10)]
    for client in clients:
        client.move()
    sandbox.add_fault("late:seconds=60")
    clients[0].connection.request("POST", ADD, "{}")
    while sandbox.ledger()["calls"]["add"] <= len(clients):
        time.sleep(0.01)
    begun = time.monotonic()
    sandbox.close()
    assert time.monotonic() - begun < 2
    assert set(threading.enumerate()) == before
    for client in clients:
        client.close()
        with pytest.raises(ConnectionRefusedError):
            client.move()


def test_a_port_that_is_closed_for_a_time_can_be_closed_for_good(opened: Opener) -> None:
    sandbox, client = opened()
    sandbox.add_fault("refuse-connection:seconds=60")
    with pytest.raises(http.client.RemoteDisconnected):
        client.move()
    begun = time.monotonic()
    sandbox.close()
    assert time.monotonic() - begun < 2


def test_calls_on_one_connection_do_not_wait_for_delayed_acknowledgements(client: Client) -> None:
    begun = time.monotonic()
    for _ in range(200):
        client.move(credit="0.01")
    assert time.monotonic() - begun < 4  # 200 times 40 ms would be 8 s.


def test_a_sandbox_that_was_not_started_says_so() -> None:
    with pytest.raises(RuntimeError, match="not been started"):
        Sandbox().ledger()


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    script = (
        "import sys; from pathlib import Path; from batch.sandbox import Sandbox, SandboxOptions\n"
        "sandbox = Sandbox(SandboxOptions(state=Path(sys.argv[1]))); sandbox.start()\n"
        "print(sandbox.port, flush=True); sandbox.serve_forever()"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script, str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environ) as child:
        assert child.stdout is not None
        client = Client(int(child.stdout.readline()))
        for _ in range(25):
            client.move(credit="1")
        child.kill()
        client.close()
    with Sandbox(SandboxOptions(state=state)) as again:
        assert again.ledger()["main_balance"] == "9975.000"
        assert len(again.ledger()["movements"]) == 25


def test_money_is_conserved_under_many_clients(opened: Opener) -> None:
    sandbox, client = opened(drift=Decimal("0.001"), main_balance=Decimal(300))

    def busy(seed: int) -> None:
        own = Client(sandbox.port)
        for n in range(40):
            own.move(REMOVE if (n + seed) % 3 == 0 else ADD, credit="7.003", number=(n * seed) % 29 + 1)
        own.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(busy, range(1, 9)))
    ledger = client.ledger()
    held = [ledger["main_balance"], *ledger["subaccounts"].values(), *ledger["spent"].values()]
    assert sum(map(Decimal, held)) == 300 + 29 * 100
    assert ledger["calls"]["add"] + ledger["calls"]["remove"] == 320
    assert [m["n"] for m in ledger["movements"]] == list(range(1, len(ledger["movements"]) + 1))


def test_latency_is_for_each_call_and_not_for_all(opened: Opener) -> None:
    sandbox, _ = opened(latency_ms=100)

    def call() -> None:
        client = Client(sandbox.port)
        client.move()
        client.close()

    begun = time.monotonic()
    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.09 <= time.monotonic() - begun < 0.7


def test_nothing_is_printed_however_badly_it_goes(
    opened: Opener, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    sandbox, client = opened()
    client.move()
    sandbox.add_fault("reset")
    with pytest.raises(ConnectionResetError):
        client.move()
    client.close()
    client.ask("GET", "/v1/me?apiKey=sandbox-key")
    sandbox.close()
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"port": 70000}, "port"), ({"key": ""}, "key"), ({"subaccounts": -1}, "sub-accounts"),
        ({"latency_ms": -1}, "latency"), ({"language": "de"}, "fr or en"), ({"error_status": 418}, "200 or 400"),
        ({"drift": Decimal(-1)}, "drift"), ({"main_balance": Decimal("1e13")}, "balance"),
    ],
)  # fmt: skip
def test_options_that_cannot_work_are_told_in_a_sentence(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        SandboxOptions(**options)
