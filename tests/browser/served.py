"""A real `creditbatch serve`, with its own folder and a free port, against a sandbox over real sockets."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil

from batch.sandbox import Sandbox, SandboxOptions

_PATIENCE = 60.0
_ADDRESS = re.compile(r"http://localhost:\d+")
T = TypeVar("T")


@dataclass
class Served:
    """The site, its sandbox and who is logged in with which session."""

    folder: Path
    sandbox: Sandbox
    sessions: dict[str, str] = field(default_factory=dict)
    url: str = ""
    said: list[str] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None
    _listener: threading.Thread | None = None

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def start(self) -> Served:
        """Serve, and wait until somebody can come. Again after `kill`: at the same address, so that pages go on."""
        port = self.url.rpartition(":")[2] or "0"
        self.said = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "batch", "serve", "--port", port],
            cwd=self.folder,
            env=self._environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._listener.start()
        said = wait_for(lambda: next((line for line in list(self.said) if _ADDRESS.search(line)), ""))
        self.url = _ADDRESS.search(said)[0]  # type: ignore[index]
        return self

    def one_time_link(self) -> str:
        """The link for the first administrator, as it was printed."""
        return wait_for(lambda: next((line for line in list(self.said) if "/setup/" in line), "")).strip()

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._listener is not None:
                self._listener.join()

    def close(self) -> None:
        """Nothing of it is left running."""
        self.kill()
        for worker in self.workers():
            worker.kill()
        self.sandbox.close()

    def workers(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if self._is_worker(process)]

    def filled(self) -> dict[str, str]:
        """Fill it with something of every kind; the address of each page."""
        command = [sys.executable, "-m", "tests.browser.filled"]
        environ = {**self._environ(), "PYTHONPATH": str(Path(__file__).parents[2])}
        made = subprocess.run(command, cwd=self.folder, env=environ, capture_output=True, text=True, timeout=200)
        assert made.returncode == 0, made.stderr
        pages: dict[str, str] = json.loads(made.stdout)
        return pages

    def movements(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(self.sandbox.url.removesuffix("/v1") + "/sandbox/ledger", timeout=10) as answer:
            return list(json.load(answer)["movements"])

    def _is_worker(self, process: psutil.Process) -> bool:
        try:
            is_worker = "batch.web.batches.worker" in process.cmdline()
            return is_worker and process.environ().get("CREDITBATCH_HOME") == str(self.home)
        except psutil.Error:
            return False

    def _listen(self, process: subprocess.Popen[str]) -> None:
        if process.stderr is not None:
            with process.stderr as lines:
                self.said.extend(lines)

    def _environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CREDITBATCH_")}
        return kept | {
            "CREDITBATCH_HOME": str(self.home),
            "CREDITBATCH_API_URL": self.sandbox.url,
            "SMSPARTNER_API_KEY": "sandbox-key",
            "CREDITBATCH_LANG": "en",
            "CREDITBATCH_SETTLE_SECONDS": "0.3",
            "CREDITBATCH_BACKOFF_SECONDS": "0.1",
            "CREDITBATCH_READ_TIMEOUT": "110",
        }


def serve(folder: Path, prepared: Path | None, options: SandboxOptions | None = None) -> Served:
    """A site on a copy of a prepared folder; without one it is empty."""
    if prepared is not None:
        shutil.copytree(prepared, folder / "home")
    sandbox = Sandbox(options or SandboxOptions(language="en"))
    sandbox.start()
    site = Served(folder, sandbox)
    if prepared is not None:
        site.sessions = json.loads((prepared.parent / "sessions.json").read_text())
    return site.start()


def wait_for(look: Callable[[], T]) -> T:
    """Look until there is something to see."""
    end = time.monotonic() + _PATIENCE
    while not (seen := look()):
        if time.monotonic() > end:
            raise AssertionError("nothing came of it")
        time.sleep(0.05)
    return seen
