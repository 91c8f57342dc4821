"""The archive: what is in it, and the page that it carries."""

from __future__ import annotations

import hashlib
import html.parser
import io
import json
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from batch.evidence import archive
from batch.evidence.archive import make_check_page, write_archive
from batch.i18n import Language, use_language
from tests.evidence import archives
from tests.programs import found, needs

PAGE = Path(archive.__file__).with_name("check.html").read_text("utf-8")


def test_the_archive_holds_every_part_and_the_page_first() -> None:
    with ZipFile(io.BytesIO(archives.whole(stamped=8))) as packed:
        assert packed.namelist() == [
            "check.html", "tip.json", "signature.bin", "public-key.pem", "events.jsonl", "sheet.csv", "report.xlsx",
            "plan.csv", "answers.csv", "approvals.csv", "timestamp.tsr", "timestamp-tip.json",
        ]  # fmt: skip
        assert {entry.compress_type for entry in packed.infolist()} == {ZIP_DEFLATED}
        assert packed.testzip() is None
        assert packed.read("sheet.csv") == archives.SHEET


def test_each_line_of_the_events_is_what_the_next_one_names_the_hash_of() -> None:
    entries = archives.unpack(archives.whole())
    lines = entries["events.jsonl"].split(b"\n")
    assert lines.pop() == b""
    hashes = [hashlib.sha256(line).hexdigest() for line in lines]
    assert [json.loads(line)[0] for line in lines] == ["0" * 64, *hashes[:-1]]
    assert json.loads(entries["tip.json"]) == {"batch": archives.BATCH, "events": len(lines), "hash": hashes[-1]}


def test_without_a_sheet_or_a_time_stamp_these_entries_are_missing() -> None:
    chain = archives.make_chain()
    evidence = archives.make_evidence(chain)
    file = io.BytesIO()
    write_archive(
        file, archive.Evidence(**{name: getattr(evidence, name) for name in evidence.__slots__} | {"sheet": None})
    )
    assert not {"sheet.csv", "timestamp.tsr", "timestamp-tip.json"} & set(ZipFile(file).namelist())


def test_the_same_evidence_makes_the_same_archive() -> None:
    assert archives.whole() == archives.whole()


def test_an_archive_is_written_to_a_file_that_cannot_be_rewound(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.taken = io.BytesIO()

        def writable(self) -> bool:
            return True

        def write(self, piece: object) -> int:
            return self.taken.write(piece)  # type: ignore[arg-type]

    pipe = Pipe()
    write_archive(pipe, archives.make_evidence(archives.make_chain()))  # type: ignore[arg-type]
    assert archives.unpack(pipe.taken.getvalue())["sheet.csv"] == archives.SHEET


OPENSSL = found("openssl")


@needs("openssl", OPENSSL, "what the page says to check by hand was not tried")
def test_what_the_page_says_to_check_by_hand_can_be_done(tmp_path: Path) -> None:
    for name, content in archives.unpack(archives.whole()).items():
        (tmp_path / name).write_bytes(content)
    line = re.search(r'signature: "(openssl .*)",', PAGE)
    assert line
    _program, *arguments = shlex.split(line[1])
    command = [str(OPENSSL), *arguments]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "tip.json").write_bytes(b"another")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


class Outline(html.parser.HTMLParser):
    """The elements of a page and what they point to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def read_sentences(page: str) -> Mapping[str, str]:
    found = re.search(r'<script type="application/json" id="sentences">(.*?)</script>', page, re.DOTALL)
    assert found
    sentences: Mapping[str, str] = json.loads(found[1])
    return sentences


@pytest.mark.parametrize("language", Language)
def test_the_page_is_whole_in_each_language_and_names_nothing_to_load(language: Language) -> None:
    with use_language(language):
        page = make_check_page()
    assert "@@" not in page
    assert f'<html lang="{language.value}">' in page
    outline = Outline(page)
    assert not [tag for tag, attributes in outline.tags if {"src", "href"} & set(attributes)]
    assert {tag for tag, _ in outline.tags}.isdisjoint({"link", "img", "iframe", "object", "embed", "base"})
    policy = next(str(it["content"]) for tag, it in outline.tags if tag == "meta" and it.get("http-equiv"))
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "connect-src" not in policy


def test_the_script_says_the_sentences_that_the_page_holds_and_no_others() -> None:
    said = set(re.findall(r'\bsay\("(\w+)"', PAGE)) | set(re.findall(r'data-say="(\w+)"', PAGE))
    said |= set(re.findall(r'"(fact_\w+|hash_\w+|by_hand)"', PAGE)) | {"state_good", "state_bad", "state_open"}
    # Of two sentences one is chosen.
    said |= {"file_unnamed"}
    assert said == set(read_sentences(make_check_page()))


def test_the_script_fills_in_the_fields_that_the_sentences_have() -> None:
    fields = {name: set(re.findall(r"\{(\w+)\}", text)) for name, text in read_sentences(make_check_page()).items()}
    calls = dict(re.findall(r'\bsay\("(\w+)", \{([^}]*)\}', PAGE))
    for name, given in calls.items():
        assert {part.split(":")[0].strip() for part in given.split(",")} >= fields[name], name


def test_no_sentence_can_close_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "</script><script>alert(1)</script>"
    monkeypatch.setattr(archive, "_", lambda _sentence: hostile)
    page = make_check_page()
    assert page.count("<script") == PAGE.count("<script")
    assert read_sentences(page)["title"] == hostile
