from __future__ import annotations

import pytest

from batch.errors import SheetError
from batch.sheet.encoding import Decoded, decoded

TEXT = "Sous-compte;Montant (€);Opération\r\nsub-0001;12,50;crédit\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_every_encoding_that_excel_writes(encoding: str) -> None:
    assert decoded(TEXT.encode(encoding), "x.csv") == Decoded(TEXT)


def test_bytes_that_windows_does_not_know_are_kept() -> None:
    assert decoded(b"caf\xe9 \x81", "x.csv").text == "café \x81"


def test_nul_bytes() -> None:
    with pytest.raises(SheetError, match=r"“x\.csv” has NUL bytes \(the first is in line 2\)"):
        decoded(b"token;amount\r\nsub\0-1;2\r\n", "x.csv")


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfcaf\xe9", b"\xff\xfea", "é".encode("utf-16") + b"\x00\xd8"])
def test_a_mark_that_lies(data: bytes) -> None:
    with pytest.raises(SheetError, match=r"begins like UTF-\d+ text but is not"):
        decoded(data, "x.csv")


def test_nul_characters_in_utf16() -> None:
    with pytest.raises(SheetError, match="has NUL bytes"):
        decoded("a\0b".encode("utf-16"), "x.csv")


FRENCH = {
    "one accent": "Jeton;Montant;Sens\ns1;5;crédit\n",
    "capitals": "JETON;MONTANT;SENS\ns1;5;CRÉDIT\n",
    "a no-break space between digits": "Jeton;Montant;Sens\ns1;1\xa0234,56;ajout\n",
    "a euro sign": "Jeton;Montant;Sens\ns1;5 €;ajout\n",
    "a euro sign in the header": "Jeton;Montant (€);Sens\ns1;5;ajout\n",
    "a curly apostrophe": "Jeton;Libellé;Montant;Sens\ns1;L’été à la plage;5;ajout\n",
    "a degree sign": "N° de compte;Montant;Sens\ns1;5;ajout\n",
    "quotation marks": "Jeton;Montant;Sens;Note\ns1;5;ajout;« Noël »\n",
    "a ligature": "Jeton;Montant;Sens;Note\ns1;5;ajout;cœur\n",
    "a word of one letter": "Jeton;Montant;Sens\ns1;5;à ajouter\n",
    "a capital at the start": "État;Montant;Sens\ns1;5;ajout\n",
    "a name": "Jeton;Montant;Sens;Nom\ns1;5;ajout;François Façade\n",
}


@pytest.mark.parametrize("text", FRENCH.values(), ids=FRENCH.keys())
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "iso-8859-15", "mac-roman", "utf-8"])
def test_short_french_texts_are_read_in_every_encoding(text: str, encoding: str) -> None:
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        pytest.skip("the encoding has no such letter")
    found = decoded(data, "x.csv")
    assert found.text == text
    # The euro sign of ISO 8859-15 is too rare to be believed at once.
    assert found.assumed == ("ISO 8859-15" if encoding == "iso-8859-15" and "€" in text else None)


def test_plain_ascii_is_certain() -> None:
    assert decoded(b"token;amount;direction\nsub-1;5;add\n", "x.csv").assumed is None


@pytest.mark.parametrize(("data", "encoding"), [(b"note\n\xe9\n", "Windows-1252"), (b"note;\x8d\n", "Mac Roman")])
def test_what_makes_little_sense_is_assumed_and_said(data: bytes, encoding: str) -> None:
    found = decoded(data, "x.csv")
    assert found.assumed == encoding
    assert found.example


def test_a_byte_far_below_that_windows_does_not_know_loses_nothing() -> None:
    text = "é a\n" * 30_000
    found = decoded(text.encode("cp1252") + b"\x81", "x.csv")
    assert (found.text, found.assumed) == (text + "\x81", "ISO 8859-1")


def test_where_two_readings_come_near_the_more_usual_encoding_is_assumed() -> None:
    found = decoded("token;amount\nÉ9224;5\n".encode("cp1252"), "x.csv")
    assert (found.text.splitlines()[1], found.assumed) == ("É9224;5", "Windows-1252")
