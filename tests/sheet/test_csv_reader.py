from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from batch.errors import SheetError
from batch.model import ColumnRole
from batch.sheet.source_file import Limits

from .hostile import HEADER
from .reading import grid_of, rows_of, without_blanks


def test_decimal_commas_do_not_look_like_separators() -> None:
    assert rows_of(b"a;12,50;add\nb;13,50;add", "x.csv") == [["a", "12,50", "add"], ["b", "13,50", "add"]]


def test_a_title_with_commas_above_the_header() -> None:
    data = b"Credits, March, 2026, all of them, paid\n\ntoken;amount\nsub-1;2"
    assert rows_of(data, "x.csv")[2:] == [["token", "amount"], ["sub-1", "2"]]


def test_rows_have_the_numbers_that_excel_shows() -> None:
    data = b"\r\n\r\ntoken;amount\r\n\r\n;;\r\nsub-1;2\r\n\r\n"
    assert list(map(without_blanks, rows_of(data, "x.csv"))) == [
        [], [], ["token", "amount"], [], [], ["sub-1", "2"], [],
    ]  # fmt: skip


def test_a_line_break_in_quotation_marks_is_in_one_row() -> None:
    data = b'token;amount;note\r\n"sub-1";"2";"two\r\nlines; and ""more"""\r\nsub-2;3;x\r\n'
    assert rows_of(data, "x.csv")[1:] == [["sub-1", "2", 'two\r\nlines; and "more"'], ["sub-2", "3", "x"]]


def test_a_quotation_mark_inside_a_cell_is_only_a_character() -> None:
    assert rows_of(b'token;note\nsub-1;5" pipe\nsub-2;x', "x.csv")[1:] == [["sub-1", '5" pipe'], ["sub-2", "x"]]


def test_the_first_record_may_span_lines_and_be_the_widest() -> None:
    assert rows_of(b'a;"b\nc";d;e\nf;g\n', "x.csv") == [["a", "b\nc", "d", "e"], ["f", "g", None, None]]


def test_every_cell_stays_the_text_it_is() -> None:
    cells = ["00123", "1e5", "NA", "nan", "null", "TRUE", "2026-03-01", " 1 ", "12345678901234567890", "#N/A"]
    assert rows_of(";".join(cells).encode(), "x.csv") == [cells]


def test_a_row_wider_than_all_before_it() -> None:
    rows = rows_of(b"a;b\n" * 500 + b"c;d;e;f;g\n" + b"a\n", "x.csv")
    assert (len(rows), rows[0], rows[500]) == (502, ["a", "b", *[None] * 3], ["c", "d", "e", "f", "g"])


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf", b"\xff\xfe"])
def test_a_file_with_nothing_but_a_mark_has_no_rows(data: bytes) -> None:
    assert rows_of(data, "x.csv") == []


@pytest.mark.parametrize(
    ("data", "limits", "words"),
    [
        (b"a\n" * 11, Limits(rows=10), r"has more than 10 rows \(its last cell is in row 11"),
        (b";" * 10, Limits(columns=10), r"has more than 10 columns \(its last cell is in row 1, column 11\)"),
        (b";;;\n" * 10, Limits(cells=39), "has more than 39 cells"),
        (b"a\n" + b"x" * 33_000, Limits(), r"has a cell of more than 32,767 characters in row 2"),
        (b'a;b\n"c;d\ne;f\n', Limits(), "has a quotation mark that is opened but never closed"),
        (b"a;b\0\n", Limits(), "has NUL bytes"),
    ],
)
def test_what_is_too_much_or_broken(data: bytes, limits: Limits, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        rows_of(data, "x.csv", limits=limits)


@pytest.mark.parametrize("line", [b"sep=;\r\n", b"SEP=;\n", b'"sep=;"\r'])
def test_a_line_that_declares_the_separator_is_no_row(line: bytes) -> None:
    assert rows_of(line + b"Token;Amount,EUR\nsub-1;5\n", "x.csv") == [["Token", "Amount,EUR"], ["sub-1", "5"]]


def test_a_text_file_has_no_sheets_to_choose() -> None:
    with pytest.raises(SheetError, match="has no sheets"):
        rows_of(b"a;b", "x.csv", sheet="March")


_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)


@given(
    table=st.lists(st.lists(_CELLS, min_size=1, max_size=5), max_size=8),
    separator=st.sampled_from(";,\t|"),
    ending=st.sampled_from(("\n", "\r\n", "\r")),
)
def test_what_was_written_is_read(table: list[list[str]], separator: str, ending: str) -> None:
    text = io.StringIO()
    # The writer does not quote a line feed in a cell when lines end with a carriage return, which no reader can undo.
    unquoted = csv.writer(text, delimiter=separator, lineterminator=ending)
    quoted = csv.writer(text, delimiter=separator, lineterminator=ending, quoting=csv.QUOTE_ALL)
    (quoted if ending == "\r" else unquoted).writerows([HEADER, *table])
    grid = grid_of(text.getvalue().encode(), "x.csv")
    # Texts that look as if they were encoded twice are read once less, and that is said.
    assume(not any(finding.code == "encoding-assumed" for finding in grid.findings))
    assert list(map(without_blanks, grid.rows)) == [list(HEADER), *map(without_blanks, table)]


@settings(max_examples=3 * settings().max_examples)
@given(rest=st.text('a";\n\r ', max_size=40), ending=st.sampled_from(("\n", "\r\n")))
def test_rows_are_cut_as_the_standard_reader_cuts_them(rest: str, ending: str) -> None:
    text = ";".join(HEADER) + ending + rest
    try:
        rows = rows_of(text.encode(), "x.csv")
    except SheetError:
        assert '"' in rest
    else:
        skips_spaces = re.search('; +"', text) is not None
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=";", skipinitialspace=skips_spaces)
        assert list(map(without_blanks, rows)) == list(map(without_blanks, reader))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", ":"])
def test_spaces_between_a_separator_and_a_quotation_mark_are_nothing(separator: str) -> None:
    titles = f"Token{separator} Montant{separator} Sens\n"
    data = f'{titles}sub-1{separator} "1{separator}5"{separator}  "x"\nsub-2{separator} 3{separator} y\n'
    assert rows_of(data.encode(), "x.csv")[1:] == [["sub-1", f"1{separator}5", "x"], ["sub-2", "3", "y"]]


def test_a_text_that_pandas_cannot_cut_is_cut_all_the_same() -> None:
    assert rows_of(b"\r;", "x.csv") == [[None, None], [None, None]]


def findings(data: bytes, name: str = "x.csv") -> list[tuple[str, dict[str, str]]]:
    return [(finding.code, dict(finding.params)) for finding in grid_of(data, name).findings]


@pytest.mark.parametrize(
    "data",
    [
        b"token;amount;direction\nsub-1;5;add\n",
        "Jeton;Montant (€);Sens\nsub-1;5;crédit\n".encode("cp1252"),
        "Jeton\tMontant\tSens\nsub-1\t5\tcrédit\n".encode("utf-16"),
        b"token;amount;direction;note;;\nsub-1;5;add;x;;\n;;;;;\n\nA remark\n",
        b"",
    ],
)
def test_of_what_is_certain_nothing_is_said(data: bytes) -> None:
    assert findings(data) == []


def test_an_assumed_encoding_is_said_with_a_word_to_look_at() -> None:
    assert findings(b"token;amount;direction\nsub-1;5;\xe9\n") == [
        ("encoding-assumed", {"encoding": "Windows-1252", "example": "é"})
    ]


@pytest.mark.parametrize(
    ("data", "separator"),
    [(b"a,b,c\nd,e,f\n", ","), (b"sub-1 5 add\n", ";"), (b"token;amount,direction\na;b,c\n", ";")],
)
def test_an_assumed_separator_is_said(data: bytes, separator: str) -> None:
    assert findings(data) == [("separator-assumed", {"separator": separator})]


def test_columns_named_by_hand_find_the_separator() -> None:
    columns = {ColumnRole.TOKEN: "Client", ColumnRole.AMOUNT: "Avance du mois", ColumnRole.DIRECTION: "Op"}
    grid = grid_of(b"Client|Avance du mois|Op\na|1,5|x\n", "x.csv", columns=columns)
    assert grid.rows[1] == ("a", "1,5", "x")
    assert grid.findings == ()


def test_ragged_rows_are_said_with_the_line_of_the_file() -> None:
    data = b'token;amount;direction\n"sub\n1";5;add\nsub-2;5\nsub-3;5;add;x;y\n'
    assert findings(data) == [("rows-ragged", {"count": "2", "first": "3", "line": "4", "as": "line"})]
    assert findings(b"token;amount;direction\nsub-2;5\n") == [
        ("rows-ragged", {"count": "1", "first": "2", "line": "2"})
    ]
    declared = b"sep=;\r\ntoken;amount;direction\r\nsub-2;5\r\n"
    assert findings(declared) == [("rows-ragged", {"count": "1", "first": "2", "line": "3", "as": "line"})]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "x;y"])
def test_cells_that_go_on_over_several_lines(end: str, last: str) -> None:
    data = f'token;note\n\na;"b\nc"\n"d\n\ne;";f\n;"";""\n"\n";g\n{last}'.replace("\n", end)
    wrapped = grid_of(data.encode(), "x.csv").wrapped
    assert wrapped is not None
    assert wrapped.separator == ";"
    assert wrapped.lines == {3: (3, ('a;"b', 'c"')), 4: (5, ('"d', "", 'e;";f')), 6: (9, ('"', '";g'))}
    assert grid_of(b'token;note\na;"b"\n', "x.csv").wrapped is None


def test_texts_that_excel_was_made_to_keep() -> None:
    data = b'token;amount;direction\n="00123";"=""00456""";"=""a""""b"""\n=1+1;"=x";="\n'
    assert rows_of(data, "x.csv")[1:] == [["00123", "00456", 'a"b'], ["=1+1", "=x", '="']]


def test_what_a_column_repeats_is_kept_once() -> None:
    lines = [f"sub-{number % 7};{number};add" for number in range(50_000)]
    rows = grid_of("\n".join(["token;amount;direction", *lines]).encode(), "x.csv").rows
    assert [";".join(map(str, row)) for row in rows[1:]] == lines
    assert [len({id(row[at]) for row in rows[1:]}) for at in (0, 2)] == [7, 1]
