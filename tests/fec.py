"""The tax administration's rules for files of accounting entries: article A47 A-1 of the livre des procédures fiscales.

Each rule is here by the name that `find_faults` gives it where a file breaks it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

COLUMNS = [
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib",
    "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise",
    "Idevise",
]  # fmt: skip
MANDATORY = (*COLUMNS[:6], *COLUMNS[8:13])
"""And ValidDate, once the entries are validated: before, it is empty."""
PAIRS = (("CompAuxNum", "CompAuxLib"), ("EcritureLet", "DateLet"), ("Montantdevise", "Idevise"))
DATES = ("EcritureDate", "PieceDate", "DateLet", "ValidDate")
Line = dict[str, str]


def find_faults(files: Mapping[str, bytes]) -> set[str]:
    """The rules that these files, by their names, break: each by itself, and all files of a ledger together."""
    found: set[str] = set()
    numbers: defaultdict[tuple[str, date | None], list[int]] = defaultdict(list)
    for path, content in files.items():
        closed = read_name(path.rpartition("/")[2])
        found |= set() if closed else {"name"}
        lines = read_lines(content)
        faults = {*judge_text(content), *judge_fields(lines)}
        if not faults:
            faults = {*judge_days(lines, closed), *judge_entries(lines)}
            for journal, number in dict.fromkeys((line["JournalCode"], int(line["EcritureNum"])) for line in lines):
                numbers[journal, closed].append(number)
        found |= faults
    if any(sorted(its) != list(range(1, len(its) + 1)) for its in numbers.values()):
        found.add("numbers without a gap")
    return found


def read_name(name: str) -> date | None:
    """The closing day of the fiscal year, if the file is called as is prescribed."""
    parts = re.fullmatch(r"\d{9}FEC(\d{8})\.txt", name)
    return read_day(parts[1]) if parts else None


def read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}") if re.fullmatch(r"\d{8}", text) else None
    except ValueError:
        return None


def read_lines(content: bytes) -> list[Line]:
    records = [record.split("\t") for record in content.decode("iso-8859-15").split("\r\n")[1:] if record]
    return [dict(zip(COLUMNS, fields, strict=False)) for fields in records]


def judge_text(content: bytes) -> Iterator[str]:
    text = content.decode("iso-8859-15")
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text):
        yield "characters"
    title, *records = text.split("\r\n")
    if not records or records.pop() or "" in records or re.search(r"[\r\n]", "".join([title, *records])):
        yield "records"
    if title.split("\t") != COLUMNS:
        yield "titles"
    if any(record.count("\t") != len(COLUMNS) - 1 for record in records):
        yield "fields"


def judge_fields(lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        if any(not line.get(column, "").strip() for column in MANDATORY):
            yield "mandatory columns"
        if any(bool(line.get(one)) != bool(line.get(other)) for one, other in PAIRS):
            yield "columns in pairs"
        if any(read_day(line[column]) is None for column in DATES if line.get(column)):
            yield "dates"
        if any(not re.fullmatch(r"-?\d+(,\d+)?", line[side]) for side in ("Debit", "Credit") if line.get(side)):
            yield "amounts"
        if not line.get("CompteNum", "")[:3].isdecimal():
            yield "accounts of the general plan"
        if not line.get("EcritureNum", "").isdecimal():
            yield "numbers are numbers"
    for key, label in (("JournalCode", "JournalLib"), ("CompteNum", "CompteLib")):
        if len({(line.get(key), line.get(label)) for line in lines}) > len({line.get(key) for line in lines}):
            yield "one label a code"


def judge_days(lines: Sequence[Line], closed: date | None) -> Iterator[str]:
    if closed is not None:
        after = closed + timedelta(days=1)
        first = f"{after.replace(year=after.year - 1):%Y%m%d}"
        if any(not first <= line["EcritureDate"] <= f"{closed:%Y%m%d}" for line in lines):
            yield "fiscal year"
    if len({bool(line["ValidDate"]) for line in lines}) > 1:
        yield "all validated or none"
    elif any(one["ValidDate"] > other["ValidDate"] for one, other in pairwise(lines)):
        yield "order of validation"
    if any(line["ValidDate"] and line["ValidDate"] < line["EcritureDate"] for line in lines):
        yield "validated after it was entered"


def judge_entries(lines: Sequence[Line]) -> Iterator[str]:
    entries: defaultdict[tuple[str, int], list[Line]] = defaultdict(list)
    for line in lines:
        entries[line["JournalCode"], int(line["EcritureNum"])].append(line)
    if [line for its in entries.values() for line in its] != lines:
        yield "lines of an entry together"
    if any(one[0] == other[0] and one[1] > other[1] for one, other in pairwise(entries)):
        yield "numbers in order"
    for its in entries.values():
        if len({(line["EcritureDate"], line["ValidDate"], line["PieceRef"]) for line in its}) > 1:
            yield "one day and one document an entry"
        debited, credited = ([Decimal(line[side].replace(",", ".")) for line in its] for side in ("Debit", "Credit"))
        if sum(debited) != sum(credited):
            yield "debit equals credit"
        if any((debit == 0) == (credit == 0) for debit, credit in zip(debited, credited, strict=True)):
            yield "one side a line"
