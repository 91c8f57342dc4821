from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from batch.errors import SheetError
from batch.sheet.source_file import Limits, load_original


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "March.CSV"
    path.write_bytes(b"a;b\r\n")
    original = load_original(path, Limits())
    assert (original.name, original.suffix, original.data) == ("March.CSV", ".csv", b"a;b\r\n")
    assert original.sha256 == hashlib.sha256(b"a;b\r\n").hexdigest()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _path: None, r"There is no file “monthly\.xlsx”: check the name"),
        (Path.mkdir, "is a folder"),
        (Path.touch, r"“monthly\.xlsx” is empty \(0 bytes\)"),
    ],
)
def test_what_is_no_file_or_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("monthly.xlsx")
    make(path)
    with pytest.raises(SheetError, match=words):
        load_original(path, Limits())


@pytest.mark.parametrize("name", ["sheet.pdf", "sheet", "sheet.xlsx.exe", "sheet.numbers"])
def test_an_unknown_ending_lists_the_known_ones(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"x")
    with pytest.raises(
        SheetError,
        match=r"save it as one of \.xlsx, \.xlsm, \.xls, \.xlsb, \.ods, \.xltx, \.xltm, \.xlt, \.ots, \.csv, "
        r"\.tsv, \.txt",
    ):
        load_original(path, Limits())


def test_a_hundred_megabytes_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.xlsx"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(SheetError, match=r"is 100\.0 MB, more than the 25 MB that a sheet may have"):
        load_original(path, Limits())


def test_a_file_may_be_as_large_as_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "fits.csv"
    path.write_bytes(b"x" * 10)
    assert load_original(path, Limits(file_size=10)).data == b"x" * 10
    with pytest.raises(SheetError, match="more than"):
        load_original(path, Limits(file_size=9))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    with pytest.raises(SheetError, match="is not a file on a disk"):
        load_original(path, Limits())


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.xlsx"
    path.write_bytes(b"x")

    def refuse(*_arguments: object) -> None:
        raise PermissionError(13, "no")

    # The administrator of a machine may read everything, so the right is not simply taken away.
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SheetError, match="may not be read"):
        load_original(path, Limits())


@pytest.mark.parametrize("name", ["a\0b.xlsx", "x" * 5000 + ".xlsx"])
def test_a_name_that_no_disk_takes(tmp_path: Path, name: str) -> None:
    with pytest.raises(SheetError, match="cannot be opened"):
        load_original(tmp_path / name, Limits())


def test_a_name_does_no_harm_to_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "red\x1b[31m.xlsx"
    with pytest.raises(SheetError) as raised:
        load_original(path, Limits())
    assert "\x1b" not in str(raised.value)


@pytest.mark.skipif(os.name == "nt", reason="names are text on Windows")
def test_a_name_that_is_no_text_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.csv")
    try:
        path.write_bytes(b"x")
    except OSError:
        pytest.skip("this disk takes only text as a name")
    assert load_original(path, Limits()).name == "caf?.csv"
