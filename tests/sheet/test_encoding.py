from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batch.errors import SheetError
from batch.sheet.encoding import TWICE, Decoded, decode_text
from batch.validation.titles import COLUMN_TITLES

TEXT = "Sous-compte;Montant (€);Opération\r\nsub-0001;12,50;crédit\r\n"


WIDE = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
MARKED = ["utf-8", "utf-8-sig", *WIDE]
ONE_BYTE = ["cp1252", "latin-1", "iso-8859-15", "cp850", "cp858", "cp437", "mac-roman"]


def test_bytes_that_windows_does_not_know_are_kept() -> None:
    assert decode_text(b"caf\xe9 \x81", "x.csv").text == "café \x81"


def test_nul_bytes() -> None:
    with pytest.raises(SheetError, match=r"“x\.csv” has NUL bytes \(the first is in line 2\)"):
        decode_text(b"token;amount\r\nsub\0-1;2\r\n", "x.csv")
    with pytest.raises(SheetError, match="has NUL bytes"):
        decode_text("a\0b".encode("utf-16"), "x.csv")


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfa\ncaf\xe9\n", "a\né".encode("utf-16") + b"\x00\xd8a\x00"])
def test_a_mark_that_lies(data: bytes) -> None:
    with pytest.raises(SheetError, match=r"is UTF-\d+ text, but line 2 has bytes that are no letter in UTF-\d+"):
        decode_text(data, "x.csv")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bad", [b"\xff", b"\xe9", b"\xc3", b"\xa9"])
def test_utf8_with_a_byte_that_is_none_is_not_taken_for_another_encoding(bad: bytes, end: str) -> None:
    lines = [f"sub-{number};Société Générale;5;crédit".encode() for number in range(50)]
    lines[29] = lines[29].replace("Société".encode(), b"Soci" + bad + b"t" + bad)
    with pytest.raises(SheetError, match="is UTF-8 text, but line 30 has bytes that are no letter in UTF-8"):
        decode_text(end.encode().join(lines), "x.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    "text", ["token\nSociété\ncrédité", "token\nb\ncrédité", "token\nb\nprix : 5 €", "token\nsub\nL’"]
)
def test_a_file_that_is_cut_in_the_middle_of_a_letter(text: str, encoding: str) -> None:
    with pytest.raises(SheetError, match=r"ends in the middle of a letter \(line 3\)"):
        decode_text(text.encode(encoding)[:-1], "x.csv")


@pytest.mark.parametrize("text", ["a;crédité", "a;voilà", "a;JEAN ANDRÉ", "l’été;5 €"])
def test_a_last_letter_of_one_byte_is_not_a_cut(text: str) -> None:
    assert decode_text(text.encode("cp1252"), "x.csv").text == text


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
@pytest.mark.parametrize("encoding", [*MARKED, *ONE_BYTE])
def test_short_french_texts_are_read_in_every_encoding(text: str, encoding: str) -> None:
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        pytest.skip("the encoding has no such letter")
    found = decode_text(data, "x.csv")
    assert found.text == text
    # In "État" alone an old Mac's letter is another of MS-DOS; the euro sign of ISO 8859-15 is one for any currency.
    is_currency = encoding == "iso-8859-15" and "€" in text
    assert found.assumed is None or text == FRENCH["a capital at the start"] or is_currency


WORDS = [
    *(title for groups in COLUMN_TITLES.values() for group in groups for title in group if not title.isascii()), "Éric",
    "Élodie", "Ève", "Zoé", "Chloë", "Noël", "Benoît", "Jérôme", "Françoise", "Hélène", "Anaïs", "Loïc", "Lefèvre",
    "Castaño", "Müller", "Lecœur", "Bâle", "Nîmes", "Besançon", "Alès", "Saint-Étienne", "Déjà", "Voilà", "Où", "Août",
    "Île", "Être", "Ça", "Maïs", "L’Oréal", "d’Alembert", "Citroën", "ARRÊT", "SOCIÉTÉ", "GÉNÉRALE", "CAFÉ",
    "BIEN-ÊTRE", "TRÈS", "PIÈCE", "FRANÇAIS", "ANDRÉ", "ÎLE", "CÔTE", "NOËL", "salarié·e", "rené75", "N°5", "12°C",
    "« Noël »", "«\u00a0Noël\u00a0»", "« CAFÉ\u00a0»", "“prêt”", "l’été à la plage", "recharge — août", "reçu…",
    "1\u00a0234,56", "1\u00a0234,56\u00a0€", "12,50 €", "€", "k€", "5€", "QUANTITÉ\u00a0:", "Nom\u00a0:\u00a0Éric",
    "sub-0001\u00a0", "JEAN\u00a0DUPONT", "A\u00a0B", "12\u00a0à 15", "2ème envoi", "D’Éric", "½ journée", "m²",
]  # fmt: skip
HEADERS = ["Token;Name;Amount;Direction", "Jeton;Libellé;Crédit;Débit"]


@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=6),
    st.sampled_from(HEADERS),
    st.sampled_from(ONE_BYTE),
    st.sampled_from(["\n", "\r\n", ""]),
)
@example(["JEAN\u00a0DUPONT"], HEADERS[0], "mac-roman", "\n")
@example(["Ève"], HEADERS[0], "mac-roman", "\n")
def test_one_byte_a_letter_is_read_right_or_said(words: list[str], header: str, encoding: str, end: str) -> None:
    text = "\n".join([header, *(f"s{at};{word};5;add" for at, word in enumerate(words, start=1))]) + end
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        return
    found = decode_text(data, "x.csv")
    assert found.text == text or (found.assumed and not found.example.isascii())


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6), st.sampled_from(HEADERS), st.sampled_from(MARKED))
def test_a_text_in_unicode_is_always_read_right(words: list[str], header: str, encoding: str) -> None:
    text = "\n".join([header, *(f"s{at};{word};5;add" for at, word in enumerate(words, start=1))])
    assert decode_text(text.encode(encoding), "x.csv") == Decoded(text)


@pytest.mark.parametrize("word", ["Łódź", "Σωκράτης", "Иванов", "東京", "😀", "✓", "→", "Ş", "Ž", "ł", "λ", "Ã", "Å"])
@pytest.mark.parametrize("count", [1, 50])
def test_names_of_other_languages_are_utf8(word: str, count: int) -> None:
    text = "Token;Name;Amount\n" + f"s1;{word};5\n" * count
    assert decode_text(text.encode(), "x.csv") == Decoded(text)


@pytest.mark.parametrize(
    ("text", "encoding"), [("QUANTITÉ\u00a0: 5\n", "cp1252"), ("CAFÉ\u00a0!\n", "cp1252"), ("D’Éric\n", "mac-roman")]
)
def test_letters_that_meet_as_utf8_by_chance_are_said(text: str, encoding: str) -> None:
    found = decode_text(text.encode(encoding), "x.csv")
    assert (found.text, found.assumed is None) == (text, False)


READ_AS = ["cp1252", "mac-roman", "cp850", "latin-1"]


@pytest.mark.parametrize("text", [FRENCH["one accent"], FRENCH["capitals"], FRENCH["a name"], TEXT, "s1;l’œuvre\n"])
@pytest.mark.parametrize("encoding", READ_AS)
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("kept", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf8_encoded_twice_is_read_once_less_and_said(text: str, encoding: str, times: int, kept: str) -> None:
    seen = text
    for _ in range(times):
        try:
            seen = seen.encode().decode(encoding)
        except UnicodeDecodeError:
            pytest.skip("the encoding cannot show it")
    found = decode_text(seen.encode(kept), "x.csv")
    assert (found.text, found.assumed) == (text, TWICE)
    assert found.example in text
    assert not found.example.isascii()


def test_bytes_that_windows_does_not_know_can_be_read_once_less() -> None:
    seen = "JosÃ© Ã\x81lvarez â€œprÃªtâ€\x9d Ã‰ric\n"
    assert decode_text(seen.encode(), "x.csv").text == "José Álvarez “prêt” Éric\n"


def test_a_mark_that_was_encoded_twice_is_no_part_of_the_first_title() -> None:
    assert decode_text("ï»¿Token;Amount\ns1;5\n".encode(), "x.csv").text == "Token;Amount\ns1;5\n"


@pytest.mark.parametrize(
    ("text", "example_shown"),
    [
        ("Crédit;Note\n5;CrÃ©dit\n", "CrÃ©dit"),
        ("Crédit;Note\n5;l’Ã©tÃ© Łódź\n", "l’Ã©tÃ©"),
        ("Token;Cr\ufffddit\ns1;5\n", "Cr\ufffddit"),
    ],
)
def test_a_text_that_is_damaged_in_parts_is_said_and_not_changed(text: str, example_shown: str) -> None:
    assert decode_text(text.encode(), "x.csv") == Decoded(text, "UTF-8", example_shown)


@pytest.mark.parametrize("text", ["SÃO PAULO;Åse\n", "Âge;Château;Ô\n", "½ ¬ √2 ≈ 1,4\n", "Ça coûte 5 €\n"])
def test_letters_that_twice_encoded_texts_have_may_be_meant(text: str) -> None:
    assert decode_text(text.encode(), "x.csv") == Decoded(text)


@pytest.mark.parametrize("text", ["Сумма;Иванов\n", "Ποσό;Σωκράτης\n", "Kwota;Wałęsa Łódź\n"])
@pytest.mark.parametrize("encoding", ["cp1251", "cp1253", "cp1250"])
def test_other_languages_in_one_byte_a_letter_are_never_certain(text: str, encoding: str) -> None:
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        pytest.skip("the encoding has no such letter")
    assert decode_text(data, "x.csv").assumed


@pytest.mark.parametrize(
    "data",
    [b"\xe9", b"\xe9a", b"\x81", b"\r\xe9", b"\xc3\xa9\x80", "Ã©".encode(), "\ufffd".encode(), b"a\xe9b" + b"a" * 1000],
)
def test_a_long_text_of_any_bytes_takes_no_time(data: bytes) -> None:
    begun = time.process_time()
    decode_text(data * (8_000_000 // len(data)), "x.csv")
    assert time.process_time() - begun < 4


@pytest.mark.parametrize(("data", "encoding"), [(b"note\n\xe9\n", "Windows-1252"), (b"note;\x8d\n", "Mac Roman")])
def test_what_makes_little_sense_is_assumed_and_said(data: bytes, encoding: str) -> None:
    found = decode_text(data, "x.csv")
    assert found.assumed == encoding
    assert found.example


def test_a_byte_far_below_that_windows_does_not_know_loses_nothing() -> None:
    text = "é a\n" * 30_000
    found = decode_text(text.encode("cp1252") + b"\x81", "x.csv")
    assert (found.text, found.assumed) == (text + "\x81", "ISO 8859-1")


def test_where_two_readings_come_near_the_more_usual_encoding_is_assumed() -> None:
    found = decode_text("token;amount\nÉ9224;5\n".encode("cp1252"), "x.csv")
    assert (found.text.splitlines()[1], found.assumed) == ("É9224;5", "Windows-1252")
