"""The command in a process that need not load the libraries first: it is forked from one that has loaded them.

From `main` on everything is as for `python -m batch`: arguments, environment, folder, standard streams and exit code
are the process's own. Loading is most of what a start costs. So start what is killed again and again, and what speaks
another language than the tests do; that it loads what it needs is for the tests that start it in full: those of
`test_started.py`, of signals, of terminals, of `serve`, and some of the storms.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

LOADED = [
    "batch.cli.check", "batch.cli.run", "batch.provider.client", "batch.report.workbook", "batch.runner.execute",
    "click", "django.core.management.commands.migrate", "django.db.backends.sqlite3.base", "django.urls",
]  # fmt: skip
"""No models, which want an open ledger, and not the commands' help, which wants a language."""
can_fork = "forkserver" in multiprocessing.get_all_start_methods()


def run(
    arguments: Sequence[str], folder: Path, environ: Mapping[str, str], seconds: float
) -> tuple[int, str, str] | None:
    """Exit code, standard output and standard error; None if it was killed because it did not end in time."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    with tempfile.TemporaryDirectory(prefix="creditbatch-streams-") as name:
        out, err = Path(name, "out"), Path(name, "err")
        process = context.Process(target=_become, args=(list(arguments), folder, dict(environ), (out, err)))
        process.start()
        try:
            process.join(seconds)
            code = process.exitcode
        finally:
            process.kill()
            process.join()
            process.close()
        return None if code is None else (code, out.read_text("utf-8"), err.read_text("utf-8"))


def run_in_full(
    arguments: Sequence[str], folder: Path, environ: Mapping[str, str], seconds: float
) -> tuple[int, str, str] | None:
    """The same as its user starts it."""
    with subprocess.Popen(
        [sys.executable, "-m", "batch", *arguments],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return None
    return process.returncode, out, err


def _become(arguments: list[str], folder: Path, environ: dict[str, str], streams: tuple[Path, Path]) -> None:
    """Be the command from here on. Standard input has nothing to say already."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    for stream, path in zip((sys.stdout, sys.stderr), streams, strict=True):
        assert isinstance(stream, io.TextIOWrapper)
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), stream.fileno())
        stream.reconfigure(encoding="utf-8")
    sys.argv = ["creditbatch", *arguments]
    from django.conf import settings
    from django.db import connections

    from batch.__main__ import main

    try:
        main()
    finally:
        # The end of an interpreter closes the ledger; the end of a fork would leave that to whoever opens it next.
        if settings.configured:
            connections.close_all()
