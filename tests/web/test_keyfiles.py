from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from batch.errors import SettingsError
from batch.web.configure import load_key_file

_MAKER = """
import sys, secrets
from pathlib import Path
from batch.web.configure import load_key_file
sys.stdin.readline()
print(load_key_file(Path(sys.argv[1]), "a-key", lambda: secrets.token_hex(16)))
"""


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = load_key_file(tmp_path / "home", "a-key", lambda: "one")
    assert (first, load_key_file(tmp_path / "home", "a-key", lambda: "two")) == ("one", "one")
    if os.name == "posix":
        assert (tmp_path / "home" / "a-key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["a-key"]


@pytest.mark.skipif(os.name != "posix", reason="modes are not known here")
def test_a_key_that_others_could_read_is_closed(tmp_path: Path) -> None:
    (tmp_path / "a-key").write_text("one\n")
    (tmp_path / "a-key").chmod(0o644)
    load_key_file(tmp_path, "a-key", lambda: "two")
    assert (tmp_path / "a-key").stat().st_mode & 0o777 == 0o600


def test_processes_that_come_at_once_get_the_same(tmp_path: Path) -> None:
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", _MAKER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _maker in range(4)
    ]
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write("\n")
        maker.stdin.flush()
    assert len({maker.communicate(timeout=60)[0] for maker in makers}) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["a-key"]


def test_a_key_file_that_is_empty_or_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(SettingsError, match="is empty"):
        load_key_file(tmp_path, "empty", lambda: "one")
    with pytest.raises(SettingsError, match="cannot be used"):
        load_key_file(tmp_path, "folder", lambda: "one")
