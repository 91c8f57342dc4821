"""The log turns over, and stays its owner's."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from batch.web import configure


def test_the_log_turns_over_before_it_is_large_and_nobody_else_reads_any_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configure, "_MOST_BYTES", 2_000)
    handler = configure.start_log(tmp_path)
    for number in range(300):
        logging.getLogger("creditbatch.web").warning("line %d\nforged line", number)
    configure.stop_log(handler)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["site.log", *(f"site.log.{number}" for number in range(1, 6))]
    assert all(file.stat().st_size <= 2_000 for file in files)
    assert not any(line.startswith("forged") for file in files for line in file.read_text().splitlines())
    if os.name == "posix":
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_log_that_somebody_removed_is_made_anew_for_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configure, "_MOST_BYTES", 2_000)
    handler = configure.start_log(tmp_path)
    log = tmp_path / "site.log"
    logging.getLogger("creditbatch.web").warning("before")
    log.unlink()
    for number in range(30):
        logging.getLogger("creditbatch.web").warning("line %d, long enough to fill the log with a few of them", number)
    configure.stop_log(handler)
    assert "line 29," in log.read_text()
    if os.name == "posix":
        assert log.stat().st_mode & 0o777 == 0o600


def test_a_worker_writes_to_the_same_file(tmp_path: Path) -> None:
    for rotates in (True, False):
        handler = configure.start_log(tmp_path, rotates=rotates)
        logging.getLogger("creditbatch.web").error("something")
        configure.stop_log(handler)
    assert len((tmp_path / "site.log").read_text().splitlines()) == 2
