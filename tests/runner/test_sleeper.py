"""A process that sleeps between the commit and the first byte, while another takes over, sends nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from batch.ledger.lease import name_this_process
from batch.ledger.orm.connection import connect
from batch.model import Status
from batch.planning.account_identity import PROOF_SECONDS
from batch.runner.execute import perform
from batch.runner.session import Environment
from tests.builders import ACCESS, known_to, new_batch
from tests.cli.conftest import wait_until
from tests.provider.server import CERTIFICATE, Peer, ScriptedServer
from tests.runner.worlds import OPTIONS, Clock, ScriptedProvider

PATIENCE = 30.0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGSTOP")
@pytest.mark.parametrize("is_taken_over", [True, False])
def test_a_process_that_slept_sends_only_what_it_still_holds(tmp_path: Path, *, is_taken_over: bool) -> None:
    connect(tmp_path, None)
    from django.db import connections

    from batch.ledger.orm.store import DatabaseLedger

    ledger = known_to(DatabaseLedger())
    ledger.create(new_batch(["sub-1", Decimal("12.5"), "add"]))
    asleep, over = threading.Event(), threading.Event()

    def shake_hands_late(peer: Peer) -> None:
        asleep.wait(PATIENCE)
        peer.encrypt()
        peer.read()
        over.set()

    with ExitStack() as stack:
        server = stack.enter_context(closing(ScriptedServer([shake_hands_late])))
        words = (sys.executable, "-m", "tests.runner.sleeper", str(tmp_path), f"https://localhost:{server.port}/v1")
        environ = os.environ | {"REQUESTS_CA_BUNDLE": str(CERTIFICATE)}
        sleeper = stack.enter_context(subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, text=True))
        # Whoever waits for the end of a process that is asleep waits for ever.
        stack.callback(sleeper.kill)
        wait_until(lambda: ledger.view("b-1").rows[0].result.status is Status.UNKNOWN)
        os.kill(sleeper.pid, signal.SIGSTOP)
        # Longer than a commit proves anything.
        time.sleep(PROOF_SECONDS + 0.1)
        provider = ScriptedProvider()
        if is_taken_over:
            # By a machine that cannot see the process, after the lease has run out.
            ledger.hold(ACCESS.account, name_this_process(), datetime.now(UTC), lambda _lease: True)
            clock = Clock(datetime.now(UTC))
            perform(Environment(provider, ledger, clock.now, clock, clock), ledger.work("b-1"), OPTIONS, {})
            assert provider.applied == [2]
        os.kill(sleeper.pid, signal.SIGCONT)
        asleep.set()
        assert over.wait(PATIENCE)
        sent = [heard.method for heard in server.heard]
        if is_taken_over:
            said, _ = sleeper.communicate(timeout=PATIENCE)
            assert "has taken batch b-1 over" in said
            assert sent == []
            assert ledger.view("b-1").rows[0].result.status is Status.DONE
        else:
            assert sent == ["POST"]
    connections["default"].close()
