"""`verify`, `key`, `evidence` and `report`: what proves a record, and what whoever can write to the ledger changes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from openpyxl import load_workbook

from batch.files import read_file
from batch.sandbox import Sandbox
from tests.cli import ledger_file
from tests.cli.conftest import SHEET, Command, Ended, applied, complaint, wait_until
from tests.cli.test_run import calls
from tests.evidence.authority import Authority, needs_openssl

OTHER = "Token;Amount;Direction\nsub-0007;3;add\n"
THIRD = "Token;Amount;Direction\nsub-0009;4;add\n"


def run(command: Command, sheet: str = SHEET, *more: object) -> str:
    ended = command("run", command.sheet(sheet), "--yes", "--json", *more)
    assert ended.code == 0, ended.err
    return str(ended.document["batch"])


def run_three(command: Command) -> list[str]:
    return [run(command, sheet) for sheet in (SHEET, OTHER, THIRD)]


def save_anew(path: Path, *edits: tuple[str, int, int, str]) -> Path:
    """Save it as an office program would, with these cells changed."""
    book = load_workbook(path)
    for title, row, column, value in edits:
        book[title].cell(row, column, value)
    saved = path.with_name("anew.xlsx")
    book.save(saved)
    return saved


def read_last_hash(path: Path) -> str:
    """What a person reads from the signed page."""
    book = load_workbook(path)
    [(title, place)] = book.defined_names["LastHash"].destinations
    return str(book[title][place].value)


# --- The record, and the report


def test_what_was_run_is_signed_with_the_ledgers_key_and_its_report_is_whole(command: Command) -> None:
    batch = run(command)
    verified = command("verify", batch)
    assert (verified.code, verified.out) == (0, "")
    assert "which is this ledger's" in verified.err
    assert "older version" not in verified.err
    compared = command("verify", batch, "--report", f"reports/{batch}.xlsx")
    assert compared.code == 0
    assert "agree with the report" in compared.err


def test_a_report_that_was_edited_is_named_by_sheet_and_cell_and_one_saved_anew_is_whole(command: Command) -> None:
    batch = run(command)
    path = command.folder / "reports" / f"{batch}.xlsx"
    anew = command("verify", batch, "--report", save_anew(path))
    assert (anew.code, "agree with the report" in anew.err) == (0, True)
    book = load_workbook(path)
    title = next(sheet.title for sheet in book if any(cell.value == "sub-0001" for row in sheet for cell in row))
    row, column = next((c.row, c.column) for line in book[title] for c in line if c.value == "sub-0001")
    edited = command("verify", batch, "--report", save_anew(path, (title, row, column or 0, "sub-0002")))
    assert edited.code == 1
    assert title in edited.err
    assert re.search(rf"\b[A-Z]{row}\b", edited.err)


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_other_formats_are_compared_as_well(command: Command, suffix: str) -> None:
    batch = run(command)
    path = command.folder / f"out.{suffix}"
    assert command("report", batch, "--out", path).code == 0
    assert command("verify", batch, "--report", path).code == 0
    content = path.read_text("utf-8-sig")
    same = command.folder / f"same.{suffix}"
    same.write_text(content + "\n" if suffix == "json" else content, "utf-8")
    assert command("verify", batch, "--report", same).code == 0
    same.write_text(content.replace("sub-0003", "sub-0004"), "utf-8")
    assert command("verify", batch, "--report", same).code == 1


def test_a_report_of_before_a_batch_was_resumed_is_whole_afterwards(command: Command, sandbox: Sandbox) -> None:
    sandbox.add_fault("refuse:code=20,skip=1")
    ended = command("run", command.sheet(), "--yes", "--json")
    assert ended.code == 3
    batch = ended.document["batch"]
    then = command.folder / "then.xlsx"
    shutil.copy2(command.folder / "reports" / f"{batch}.xlsx", then)
    assert command("resume", batch).code == 0
    assert command("verify", batch, "--report", then).code == 0
    assert command("verify", batch, "--report", save_anew(then)).code == 0
    assert command("verify", batch, "--report", f"reports/{batch}.xlsx").code == 0


def test_a_report_in_french_is_verified_in_english(command: Command) -> None:
    batch = run(command, SHEET)
    assert command("report", batch, "--out", "fr.xlsx", "--lang", "fr").code == 0
    path = command.folder / "fr.xlsx"
    assert load_workbook(path).sheetnames != load_workbook(command.folder / "reports" / f"{batch}.xlsx").sheetnames
    assert command("verify", batch, "--report", path).code == 0
    assert command("verify", batch, "--report", save_anew(path)).code == 0


# --- The hash on the page


def test_the_hash_from_the_page_is_found_as_it_is_typed(command: Command) -> None:
    batch = run(command)
    printed = read_last_hash(command.folder / "reports" / f"{batch}.xlsx")
    typed = " ".join(printed[at : at + 8] for at in range(0, 64, 8)).upper()
    one = command("verify", batch, "--last-hash", typed)
    assert (one.code, "The hash from the page is that of event" in one.err) == (0, True)
    every = command("verify", "--all", "--last-hash", typed)
    assert (every.code, f"one of batch {batch}" in every.err) == (0, True)
    for arguments in ((batch,), ("--all",)):
        wrong = command("verify", *arguments, "--last-hash", "ab" * 32)
        assert (wrong.code, "ab" * 32 in wrong.err) == (1, True)
        assert "64 digits" in complaint(command("verify", *arguments, "--last-hash", printed[1:]))


def test_the_hash_before_the_first_event_is_that_of_no_page(command: Command) -> None:
    """It is the same for every batch: who prints it on a page has proved nothing."""
    batch = run(command)
    assert command("verify", batch, "--last-hash", "0" * 64).code == 1
    assert command("verify", "--all", "--last-hash", "0" * 64).code == 1


@pytest.mark.parametrize(
    "arguments",
    [(), ("b", "--all"), ("--all", "--report", "x.xlsx"), ("--all", "--timestamp", "http://127.0.0.1:1")],
)
def test_one_batch_is_named_or_all_are_asked_for(command: Command, arguments: tuple[str, ...]) -> None:
    assert "--all" in complaint(command("verify", *arguments))


# --- All batches


def test_an_empty_ledger_is_whole(command: Command) -> None:
    assert command("verify", "--all").code == 0


def test_a_batch_that_was_taken_out_is_named(command: Command) -> None:
    _first, second, _third = run_three(command)
    assert command("verify", "--all").code == 0
    ledger_file.take_out(command.home, second)
    ended = command("verify", "--all")
    assert ended.code == 1
    assert second in ended.err


def test_a_tail_that_was_cut_off_is_named(command: Command) -> None:
    first, *_rest = run_three(command)

    def cut(batch: str, kind: str, data: Any) -> list[Any]:
        return [] if batch == first and kind in {"file-written", "tip-signed"} else [(kind, data)]

    printed = ledger_file.read_hashes(command.home, first)[-1]
    ledger_file.edit(command.home, cut)
    ended = command("verify", "--all", "--last-hash", printed)
    assert (ended.code, printed in ended.err) == (1, True)
    with ledger_file.open_file(command.home) as raw:
        raw.execute("DELETE FROM ledger_event WHERE batch_id = ? AND kind = 'state-changed'", [first])
    ended = command("verify", "--all")
    assert (ended.code, first in ended.err) == (1, True)


def test_that_the_newest_batch_was_taken_out_is_noticed_by_the_hash_on_its_page_only(command: Command) -> None:
    *_before, last = run_three(command)
    printed = read_last_hash(command.folder / "reports" / f"{last}.xlsx")
    ledger_file.take_out(command.home, last)
    assert command("verify", "--all").code == 0
    ended = command("verify", "--all", "--last-hash", printed)
    assert (ended.code, "was taken out" in ended.err) == (1, True)


# --- A page of Python


def test_a_record_that_was_backdated_does_not_fit_its_signature(command: Command) -> None:
    batch = run(command)
    ledger_file.backdate(command.home)
    ended = command("verify", batch)
    assert (ended.code, "Event" in ended.err) == (1, True)
    assert command("verify", "--all").code == 1


def test_a_record_that_was_backdated_and_signed_by_another_is_noticed(command: Command) -> None:
    batch = run(command)
    ledger_file.backdate(command.home, key=Ed25519PrivateKey.generate())
    ended = command("verify", batch)
    assert (ended.code, "not with this ledger's" in ended.err) == (1, True)
    assert command("evidence", batch, "--out", "e.zip").code == 1
    assert not (command.folder / "e.zip").exists()


def test_a_record_that_was_backdated_without_its_signature_is_said_to_bear_none(command: Command) -> None:
    batch = run(command)
    printed = read_last_hash(command.folder / "reports" / f"{batch}.xlsx")
    ledger_file.backdate(command.home, signatures=False)
    ended = command("verify", batch)
    assert (ended.code, "It bears no signature" in ended.err) == (0, True)
    assert command("verify", batch, "--last-hash", printed).code == 1
    assert command("verify", batch, "--report", f"reports/{batch}.xlsx").code == 0  # It is by its hash.


def test_a_record_that_was_backdated_is_noticed_by_the_next_batch_unless_that_is_backdated_too(
    command: Command,
) -> None:
    first, second = run(command), run(command, OTHER)
    kept = ledger_file.read_hashes(command.home, second)
    ledger_file.backdate(command.home, signatures=False)
    assert command("verify", "--all").code == 0
    assert ledger_file.read_hashes(command.home, second) != kept

    def revert(batch: str, kind: str, data: Any) -> list[Any]:
        if kind == "accepted" and data["origin"]["previous"]:
            data["origin"]["previous"] |= {"hash": kept[0], "batch": first, "events": 3_000}
        return [(kind, data)]

    ledger_file.edit(command.home, revert)
    ended = command("verify", first)
    assert (ended.code, "was another one" in ended.err) == (1, True)


def test_what_says_it_is_signed_and_is_not_readable_is_false_and_no_error_of_ours(command: Command) -> None:
    batch = run(command)
    before = shutil.copy2(command.home / "ledger.sqlite3", command.folder / "kept")
    for name in ("events", "hash", "key", "signature"):
        values: tuple[Any, ...] = (None, 7, [], "é", {})
        for value in values:
            shutil.copy2(before, command.home / "ledger.sqlite3")

            def spoil(_batch: str, kind: str, data: Any, name: str = name, value: Any = value) -> list[Any]:
                return [(kind, data | {name: value} if kind == "tip-signed" else data)]

            ledger_file.edit(command.home, spoil)
            ended = command("verify", batch)
            assert (ended.code, len(ended.err.splitlines())) == (1, 1), (name, value, ended.err)
    for kinds in (("tip-signed",), ("file-written",)):
        shutil.copy2(before, command.home / "ledger.sqlite3")
        ledger_file.edit(command.home, lambda _b, kind, data, kinds=kinds: [(kind, {} if kind in kinds else data)])
        ended = command("verify", batch, "--report", f"reports/{batch}.xlsx")
        assert ended.code == 1, ended.err


# --- Time stamps


@needs_openssl
def test_a_run_is_stamped_and_the_stamp_trusted_by_the_roots_that_are_named(
    command: Command, authority: Authority
) -> None:
    batch = run(command, SHEET, "--timestamp", authority.url)
    assert len(authority.questions) == 1
    said = command("verify", batch)
    assert (said.code, "Stamped up to event" in said.err) == (0, True)
    command.settings["CREDITBATCH_TIMESTAMP_CA_FILE"] = str(authority.roots)
    trusted = command("verify", batch)
    assert (trusted.code, trusted.err != said.err) == (0, True)
    ledger_file.backdate(command.home, signatures=False)
    ended = command("verify", batch)
    assert ended.code == 1


@needs_openssl
def test_each_command_that_writes_stamps_and_the_setting_does_so_for_all(
    command: Command, authority: Authority
) -> None:
    batch = run(command)
    assert authority.questions == []
    verified = command("verify", batch, "--timestamp", authority.url)
    assert (verified.code, "Stamped up to event" in verified.err) == (0, True)
    assert command("report", batch, "--timestamp", authority.url, "--out", "r.xlsx").code == 0
    # Nothing but proofs was recorded since.
    assert len(authority.questions) == 1
    command.settings["CREDITBATCH_TIMESTAMP_URL"] = authority.url
    second = run(command, OTHER)
    assert len(authority.questions) == 2
    assert command("evidence", second, "--out", "e.zip").code == 0
    with ZipFile(command.folder / "e.zip") as archive:
        assert {"timestamp.tsr", "timestamp-tip.json"} < {*archive.namelist()}
        message, token = archive.read("timestamp-tip.json"), archive.read("timestamp.tsr")
    line = "openssl ts -verify -data timestamp-tip.json -in timestamp.tsr -CAfile ROOT.pem"
    assert "Verification: OK" in authority.verify(message, token, line)


@needs_openssl
@pytest.mark.parametrize("manner", ["refuse", "status", "garbage"])
def test_an_authority_that_does_not_stamp_leaves_the_batch_done(
    command: Command, sandbox: Sandbox, authority: Authority, manner: str
) -> None:
    authority.manner = manner
    ended = command("run", command.sheet(), "--yes", "--timestamp", authority.url)
    assert (ended.code, len(applied(sandbox))) == (0, 3)
    assert "tries again" in ended.err
    [batch] = ledger_file.list_names(command.home)
    assert command("verify", batch).code == 0
    assert command("report", batch, "--timestamp", authority.url).code == 0
    assert "tries again" not in complaint_of_trouble(command("verify", batch, "--timestamp", authority.url))
    complaint_of_trouble(command("evidence", batch, "--timestamp", authority.url))
    assert not [*command.folder.rglob("*.zip")]
    authority.manner = "stamp"
    assert command("report", batch, "--timestamp", authority.url).code == 0
    assert "Stamped up to event" in command("verify", batch).err


def complaint_of_trouble(ended: Ended) -> str:
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    return ended.err


def test_an_authority_out_of_reach_leaves_the_batch_done(command: Command, sandbox: Sandbox) -> None:
    ended = command("run", command.sheet(), "--yes", "--timestamp", "http://127.0.0.1:1/stamps")
    assert (ended.code, len(applied(sandbox)), "tries again" in ended.err) == (0, 3, True)


@pytest.mark.parametrize("url", ["ftp://somewhere", "nonsense", ""])
def test_a_bad_address_of_an_authority_is_said_before_anything_is_sent(
    command: Command, sandbox: Sandbox, url: str
) -> None:
    assert "--timestamp" in complaint(command("run", command.sheet(), "--yes", "--timestamp", url))
    if url:
        command.settings["CREDITBATCH_TIMESTAMP_URL"] = url
        assert "CREDITBATCH_TIMESTAMP_URL" in complaint(command("run", command.sheet(), "--yes"))
    assert calls(sandbox).total() == 0


@needs_openssl
def test_a_time_stamp_of_another_batch_is_noticed(command: Command, authority: Authority) -> None:
    first, second = run(command, SHEET, "--timestamp", authority.url), run(command, OTHER)
    stamps: list[Any] = []

    def move(batch: str, kind: str, data: Any) -> list[Any]:
        if kind == "tip-stamped":
            stamps.append(data)
        more = [("tip-stamped", stamps[0])] if batch == second and kind == "tip-signed" else []
        return [(kind, data), *more]

    ledger_file.edit(command.home, move)
    assert command("verify", first).code == 0
    ended = command("verify", second)
    assert (ended.code, "taken from elsewhere" in ended.err) == (1, True)


# --- The key


def test_the_key_is_made_on_first_use_and_printed_on_the_report(command: Command) -> None:
    path = command.home / "signing.key"
    assert not path.exists()
    batch = run(command)
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    shown = command("key")
    assert (shown.code, shown.out.startswith("-----BEGIN PUBLIC KEY-----\n")) == (0, True)
    raw: Any = load_pem_public_key(shown.out.encode())
    printed = base64.b64encode(raw.public_bytes_raw()).decode()
    assert printed in shown.err
    assert command("key", "--out", "public.pem").code == 0
    assert (command.folder / "public.pem").read_text() == shown.out
    first = load_workbook(command.folder / "reports" / f"{batch}.xlsx").worksheets[0]
    assert any(cell == printed for row in first.iter_rows(values_only=True) for cell in row)


def write_key(path: Path) -> Path:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return path


def test_a_setting_names_a_key_kept_elsewhere(command: Command) -> None:
    path = write_key(command.folder / "mine.pem")
    command.settings["CREDITBATCH_SIGNING_KEY_FILE"] = str(path)
    batch = run(command)
    assert not (command.home / "signing.key").exists()
    assert "which is this ledger's" in command("verify", batch).err


def test_a_record_that_an_earlier_key_signed_can_be_signed_with_the_new_one(command: Command) -> None:
    """A key was replaced: what the earlier one signed must not be called false for ever after."""
    batch = run(command)
    command.settings["CREDITBATCH_SIGNING_KEY_FILE"] = str(write_key(command.folder / "new.pem"))
    assert command("verify", batch).code == 1
    assert command("report", batch).code == 0
    ended = command("verify", batch)
    assert ended.code == 0, ended.err
    assert "which is this ledger's" in ended.err
    assert "compare it with" in ended.err


@pytest.mark.parametrize("content", ["nonsense", "", None])
def test_a_key_that_cannot_be_used_is_said_before_anything_is_sent(
    command: Command, sandbox: Sandbox, content: str | None
) -> None:
    path = command.folder / "broken.pem"
    if content is not None:
        path.write_text(content)
        path.chmod(0o600)
    command.settings["CREDITBATCH_SIGNING_KEY_FILE"] = str(path)
    assert str(path) in complaint(command("run", command.sheet(), "--yes"))
    assert calls(sandbox).total() == 0
    assert str(path) in complaint(command("key"))


def test_a_ledger_that_was_copied_without_its_key_verifies_and_says_what_to_compare(command: Command) -> None:
    batch = run(command)
    copy = Command(command.folder, command.url, {"CREDITBATCH_HOME": str(command.folder / "copy")})
    (command.folder / "copy").mkdir(mode=0o700)
    shutil.copy2(command.home / "ledger.sqlite3", command.folder / "copy")
    ended = copy("verify", batch)
    assert (ended.code, "compare it with the key on the signed page" in ended.err) == (0, True)
    assert not (command.folder / "copy" / "signing.key").exists()


# --- Evidence


def test_the_archive_proves_the_batch_by_itself(command: Command) -> None:
    batch = run(command)
    ended = command("evidence", batch)
    assert (ended.code, f"{batch}-evidence.zip" in ended.out) == (0, True)
    with ZipFile(command.folder / "reports" / f"{batch}-evidence.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert sorted(files) == [
        "answers.csv", "approvals.csv", "check.html", "events.jsonl", "plan.csv", "public-key.pem", "report.xlsx",
        "sheet.csv", "signature.bin", "tip.json",
    ]  # fmt: skip
    assert files["sheet.csv"] == (command.folder / "sheet.csv").read_bytes()
    lines = files["events.jsonl"].removesuffix(b"\n").split(b"\n")
    hashes = ["0" * 64, *(hashlib.sha256(line).hexdigest() for line in lines)]
    events = [json.loads(line) for line in lines]
    assert [event[0] for event in events] == hashes[:-1]
    assert json.loads(files["tip.json"]) == {"batch": batch, "events": len(lines), "hash": hashes[-1]}
    public: Any = load_pem_public_key(files["public-key.pem"])
    public.verify(files["signature.bin"], files["tip.json"])
    written = {event[4]["name"]: event[4]["sha256"] for event in events if event[3] == "file-written"}
    for name in ("report.xlsx", "plan.csv", "answers.csv", "approvals.csv"):
        assert written[name] == hashlib.sha256(files[name]).hexdigest()
    assert events[0][4]["sha256"] == hashlib.sha256(files["sheet.csv"]).hexdigest()
    (command.folder / "report.xlsx").write_bytes(files["report.xlsx"])
    assert command("verify", batch, "--report", "report.xlsx").code == 0
    assert command("verify", batch, "--report", save_anew(command.folder / "report.xlsx")).code == 0
    assert command("verify", "--all").code == 0


def test_an_archive_replaces_nothing_and_is_named_like_one(command: Command) -> None:
    batch = run(command)
    before = ledger_file.read_hashes(command.home, batch)
    (command.folder / "there.zip").write_bytes(b"mine")
    assert "there.zip" in complaint(command("evidence", batch, "--out", "there.zip"))
    assert (command.folder / "there.zip").read_bytes() == b"mine"
    assert ".zip" in complaint(command("evidence", batch, "--out", "e.tar"))
    assert "nowhere" in complaint(command("evidence", "nowhere"))
    assert ledger_file.read_hashes(command.home, batch) == before


def test_no_evidence_is_written_of_a_record_that_was_changed(command: Command) -> None:
    batch = run(command)
    with ledger_file.open_file(command.home) as raw:
        raw.execute("UPDATE ledger_movement SET amount = amount + 1000 WHERE row = 2")
    ended = command("evidence", batch, "--out", "e.zip")
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (1, "", 1)
    assert not (command.folder / "e.zip").exists()


# --- While another process holds the batch, and where nothing can be written


@pytest.mark.slow
def test_while_the_batch_is_run_a_report_is_written_unrecorded_and_evidence_is_not(
    command: Command, sandbox: Sandbox
) -> None:
    sandbox.add_fault("late:seconds=6,skip=1")
    command.settings["CREDITBATCH_READ_TIMEOUT"] = "30"
    process = command.process("run", command.sheet(), "--yes")
    try:
        wait_until(lambda: len(applied(sandbox)) >= 1)
        [batch] = ledger_file.list_names(command.home)
        report = command("report", batch, "--out", "r.xlsx")
        assert (report.code, "not recorded in the ledger" in report.err) == (0, True)
        assert load_workbook(command.folder / "r.xlsx").sheetnames
        evidence = complaint(command("evidence", batch, "--out", "e.zip"))
        assert batch in evidence or "process" in evidence
        assert not (command.folder / "e.zip").exists()
        assert command("verify", batch, "--report", "r.xlsx").code == 0
    finally:
        process.wait(60)
    assert process.returncode == 0
    assert command("verify", batch, "--report", "r.xlsx").code == 0


def test_a_report_is_written_from_a_ledger_that_cannot_be_written(command: Command) -> None:
    batch = run(command)
    ledger = command.home / "ledger.sqlite3"
    ledger.chmod(0o400)
    command.home.chmod(0o500)
    try:
        if os.access(command.home, os.W_OK):
            pytest.skip("root can write everything, and Windows knows no such folder")
        ended = command("report", batch, "--out", "r.xlsx")
        assert (ended.code, "not recorded in the ledger" in ended.err) == (0, True)
        assert command("verify", batch, "--report", "r.xlsx").code == 0
    finally:
        command.home.chmod(0o700)
        ledger.chmod(0o600)


def test_a_sheet_that_was_exchanged_after_its_check_is_not_sent(
    command: Command, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the ledger keeps and the evidence holds is what was checked."""

    def exchange(path: Path) -> bytes:
        path.write_text(OTHER)
        return read_file(path)

    monkeypatch.setattr("batch.cli.run.read_file", exchange)
    ended = command("run", command.sheet(), "--yes")
    assert (ended.code, "was changed after it had been checked" in ended.err) == (2, True)
    assert applied(sandbox) == []
    assert ledger_file.list_names(command.home) == []


@pytest.mark.parametrize("kind", ["xlsx", "csv", "json"])
def test_a_paper_keeps_to_the_tolerance_that_the_batch_was_accepted_with(command: Command, kind: str) -> None:
    command.settings |= {"CREDITBATCH_TOLERANCE_EUROS": "0", "CREDITBATCH_TOLERANCE_PERCENT": "0"}
    batch = run(command, SHEET, "--expect-rows", "3", "--removes-first")
    assert command("report", batch, "--out", f"paper.{kind}").code == 0
    command.settings |= {"CREDITBATCH_TOLERANCE_EUROS": "77", "CREDITBATCH_TOLERANCE_PERCENT": "7"}
    # Not known by its SHA-256, so that it is rebuilt.
    paper = command.folder / f"paper.{kind}"
    if kind == "xlsx":
        paper = save_anew(paper)
    else:
        paper.write_bytes(paper.read_bytes() + b"\n")
    ended = command("verify", batch, "--report", paper)
    assert ended.code == 0, ended.out + ended.err


# --- For a script


def test_a_script_is_told_whether_a_record_is_whole_and_what_proves_it(command: Command) -> None:
    batch = run(command)
    report = f"reports/{batch}.xlsx"
    ended = command("verify", batch, "--report", report, "--json")
    events = len(ledger_file.read_hashes(command.home, batch))
    found = ended.document
    assert (ended.code, found["proofs"]) == (0, ended.err.splitlines()[1:])
    assert found == {
        "schema_version": 1,
        "batch": batch,
        "whole": True,
        "difference": None,
        "events": events,
        "rows": 3,
        "proofs": [found["proofs"][0]],
        "report": report,
    }


def test_a_script_is_told_where_a_record_parts_from_itself(command: Command) -> None:
    first, second = run(command), run(command, OTHER)
    with ledger_file.open_file(command.home) as raw:
        raw.execute("UPDATE ledger_movement SET amount = amount + 1000 WHERE row = 2 AND batch_id = ?", [second])
    ended = command("verify", second, "--json")
    found = ended.document
    assert (ended.code, found["whole"], found["proofs"]) == (1, False, [])
    assert ended.err == f"creditbatch: {found['difference']}\n"
    all_of_them = command("verify", "--all", "--json")
    assert (all_of_them.code, all_of_them.document["whole"]) == (1, False)
    assert [(one["batch"], one["whole"]) for one in all_of_them.document["batches"]] == [(first, True), (second, False)]
    assert {"schema_version": 1, **all_of_them.document["batches"][1]} == found
    missing = command("verify", "--all", "--last-hash", "ab" * 32, "--json")
    assert (missing.code, "taken out" in missing.document["difference"]) == (1, True)
    assert command("verify", "nowhere", "--json").error[0] == "no-such-batch"
