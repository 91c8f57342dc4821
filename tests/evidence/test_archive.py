"""The archive: what is in it, the page that it carries, and the lists that a person reads."""

from __future__ import annotations

import hashlib
import html.parser
import io
import json
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from batch.evidence import archive
from batch.evidence.archive import format_answers, format_approvals, format_plan, make_check_page, write_archive
from batch.files import write_csv
from batch.i18n import Language, use_language
from batch.model import Event, RowResult, SheetRow, Status
from tests.evidence import archives
from tests.programs import found, needs
from tests.report.views import DONE, INVALID, PENDING, row, view_of

AT = datetime(2026, 11, 30, 12, 0, 4, tzinfo=UTC)
PAGE = Path(archive.__file__).with_name("check.html").read_text("utf-8")


def event(number: int, kind: str, **data: object) -> Event:
    return Event(number, AT, kind, data, "0" * 64)


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
    assert f'<html lang="{language.value}" data-zone="UTC">' in page
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


def test_the_plan_has_each_row_with_its_place_in_the_order() -> None:
    rows = [row(2, "12.5"), row(3, "9", token="0002b"), row(4, "7", direction="remove"), row(5, "1")]
    bad = SheetRow(3, rows[1].cells, "0002b", None, None)
    view = view_of([DONE, INVALID, PENDING, PENDING], [rows[0], bad, *rows[2:]])
    assert list(format_plan(view)) == [
        ["Row in sheet", "Order of sending", "Sub-account", "Direction", "Amount", "Status"],
        ["2", "1", "0001a", "add", "12.50", "done"],
        ["3", "", "0002b", "", "", "invalid"],
        ["4", "2", "0001a", "remove", "7.00", "pending"],
        ["5", "3", "0001a", "add", "1.00", "pending"],
    ]


def list_places(*events: Event, options: tuple[str, ...] = ()) -> list[str]:
    rows = [row(2, "12.5"), row(3, "7", direction="remove"), row(4, "1")]
    view = view_of([DONE] * 3, rows, events=events)
    return [line[1] for line in format_plan(replace(view, head=replace(view.head, options=options)))][1:]


def test_removes_come_first_where_that_was_chosen() -> None:
    assert list_places(options=("skip-invalid", "removes-first")) == ["2", "1", "3"]


def test_the_order_is_the_one_that_the_events_hold() -> None:
    def tell_row(number: int, turn: int | None) -> list[object]:
        return [number, [], "0001a", "add", "1.00", [], turn]

    first = event(2, "rows-accepted", rows=[tell_row(2, 2), tell_row(3, None)])
    assert list_places(first, event(3, "rows-accepted", rows=[tell_row(4, 0)])) == ["2", "", "1"]


def test_each_answer_is_a_line() -> None:
    refused = {"row": 2, "attempt": 1, "outcome": "Refused", "status": "refused", "code": 8, "message": "=1+1\x00"}
    none = {"main_balance": None, "subaccount_balance": None}
    settled = {"row": 3, "attempt": 2, "status": "done", "note": {"code": "under-way"}, "code": None, "message": None}
    events = [
        event(1, "accepted", batch="b"),
        event(5, "attempt-ended", **refused, **none, note=None),
        event(6, "row-settled", **settled, main_balance="1987.500", subaccount_balance="17.505"),
        event(7, "row-doubted", row=4, attempt=0, note={"code": "under-way"}, **none),
        event(8, "person-decided", row=4, attempt=0, applied=False, who="Anton", why="the provider says so"),
    ]
    titles, *lines = format_answers(events)
    assert titles == [
        "Event", "Time (UTC)", "What", "Row in sheet", "Attempt", "Outcome", "Code", "Message", "Main balance after",
        "Sub-account balance after",
    ]  # fmt: skip
    assert lines[0] == [
        "5", "2026-11-30 12:00:04", "Attempt ended", "2", "1", "refused", "8", "'=1+1\N{REPLACEMENT CHARACTER}", "", "",
    ]  # fmt: skip
    assert [line[2] for line in lines] == ["Attempt ended", "Row settled", "Row put in doubt", "Person decided"]
    assert [line[5] for line in lines] == ["refused", "done", "in doubt", "not applied"]
    assert lines[1][8:] == ["1987.500", "17.505"]
    assert lines[2][4] == "0"
    assert lines[3][7] == "Anton: the provider says so"


def test_each_approval_is_a_line() -> None:
    events = [
        event(1, "accepted", prepared="=Paula", approved=["Anton", "Zoé"], options=["removes-first"], why="again"),
        event(2, "balances-read"),
        event(3, "state-changed", state="running", by="Anton", reason=None),
        event(4, "options-changed", options=["max-per-second:5"], by=None),
        event(5, "key-changed", key_fingerprint="f" * 16, api_url="http://x", by="Zoé"),
        event(6, "state-changed", state="abandoned", by="Zoé", reason="@home"),
    ]
    titles, *lines = format_approvals(events)
    assert titles[2:] == ["What", "State", "Prepared by", "Approved by", "Done by", "Options", "Reason"]
    assert [line[0] for line in lines] == ["1", "3", "4", "5", "6"]
    assert [line[2:] for line in lines] == [
        ["Accepted", "", "'=Paula", "Anton, Zoé", "", "removes-first", "again"],
        ["State changed", "running", "", "", "Anton", "", ""],
        ["Options changed", "", "", "", "", "max-per-second:5", ""],
        ["Key changed", "", "", "", "Zoé", "", ""],
        ["State changed", "given up before the end", "", "", "Zoé", "", "'@home"],
    ]


def test_the_lists_are_written_as_the_other_text_files_are() -> None:
    done = RowResult(Status.DONE, 200, None, Decimal("1"), Decimal("2"), 1, AT)
    file = io.BytesIO()
    with use_language(Language.FRENCH):
        write_csv(file, format_plan(view_of([done], [row(2, "12.5")])))
    assert file.getvalue().decode("utf-8-sig").splitlines()[1] == "2;1;0001a;ajout;12,50;effectuée"
