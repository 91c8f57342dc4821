"""Understanding answers: only what is whole and agrees with itself is a success or a refusal."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batch.notes import (
    Answer,
    Applied,
    Doubt,
    NoAnswer,
    NotApplied,
    NotSent,
    Outcome,
    Refused,
    Throttled,
    Unproven,
    make_note,
)
from batch.provider.codes import PROOF, STOPPING
from batch.provider.responses import (
    MAX_WORDS,
    MainAccount,
    NotUnderstoodError,
    Success,
    decode,
    judge_exchange,
    read_main_account,
    read_subaccount_page,
)

SUCCESS = {"success": True, "code": 200, "credit": 2869.2, "subaccountCredit": 61.8, "currency": "EUR"}
REFUSAL = {"success": False, "code": 10, "message": "Clé API incorrecte"}
APPLIED = Applied(Decimal("2869.2"), Decimal("61.8"))
CREDITS = {"creditSms": 1, "creditSmsECO": 2, "creditHlr": 3, "toSend": 0, "currency": "EUR"}


def outcome(body: object, status: int = 200, retry_after: float | None = None) -> Outcome:
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return judge_exchange(Answer(status, content, retry_after))


def understood(body: object) -> Success:
    reply = decode(Answer(200, body if isinstance(body, bytes) else json.dumps(body).encode()))
    assert isinstance(reply, Success)
    return reply


def xml(*entries: str) -> bytes:
    inside = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<result>{inside}</result>'.encode()


XML_SUCCESS = xml("true", "200", "2859.2", "71.8", "<![CDATA[EUR]]>")


class TestTheTable:
    def test_nothing_sent_is_not_applied(self) -> None:
        assert judge_exchange(NotSent(make_note("said", words="why"))) == NotApplied(make_note("said", words="why"))

    def test_no_answer_is_a_doubt(self) -> None:
        assert judge_exchange(NoAnswer(make_note("said", words="why"))) == Doubt(make_note("said", words="why"))

    @pytest.mark.parametrize("status", [200, 201, 202])
    def test_a_success_is_applied(self, status: int) -> None:
        assert outcome(SUCCESS, status) == APPLIED

    @pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422, 499])
    def test_a_refusal_is_refused_whatever_the_status_below_500(self, status: int) -> None:
        assert outcome(REFUSAL, status) == Refused(10, "Clé API incorrecte", of_account=True)

    @pytest.mark.parametrize("body", [SUCCESS, REFUSAL, b"", b"<html>"])
    @pytest.mark.parametrize("status", [101, 103, 300, 301, 302, 304, 307, 308, 500, 502, 503, 504, 599, 999])
    def test_other_statuses_are_doubts_whatever_the_body(self, body: object, status: int) -> None:
        assert isinstance(outcome(body, status), Doubt)

    @pytest.mark.parametrize("status", [500, 502, 599, 302])
    def test_a_documented_refusal_with_another_status_is_a_doubt_that_keeps_what_it_said(self, status: int) -> None:
        came = outcome(REFUSAL, status)
        assert isinstance(came, Doubt)
        assert came.refusal == Refused(10, "Clé API incorrecte", of_account=True)

    @pytest.mark.parametrize("code", [0, 9999, 429, 500, 600, None])
    def test_any_other_refusal_with_another_status_says_nothing(self, code: int | None) -> None:
        assert outcome({**REFUSAL, "code": code}, 500) == Doubt(make_note("answer-status", status=500))

    @pytest.mark.parametrize("body", [REFUSAL, b"", b"<html>slow down</html>"])
    def test_429_asks_to_slow_down(self, body: object) -> None:
        assert outcome(body, 429, 7.0) == Throttled(make_note("asked-to-slow-down"), 7.0)

    @pytest.mark.parametrize("status", [200, 400, 403])
    def test_429_is_also_a_code_of_the_body(self, status: int) -> None:
        assert outcome({**REFUSAL, "code": 429}, status, 7.0) == Throttled(make_note("asked-to-slow-down"), 7.0)

    @pytest.mark.parametrize(
        "body", [b"", b"<html>Forbidden</html>", b"{}", b"[]", b'{"error": []}', b'{"error": [{"message": "x"}]}']
    )
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 418])
    def test_other_4xx_are_doubts_and_sending_again_will_not_help(self, body: bytes, status: int) -> None:
        came = outcome(body, status)
        assert isinstance(came, Doubt)
        assert came.is_blocked
        assert came.refusal is None

    @pytest.mark.parametrize("status", [400, 403, 429])
    @pytest.mark.parametrize("body", [SUCCESS, XML_SUCCESS, {**SUCCESS, "code": 10}, {**REFUSAL, "code": 200}])
    def test_a_4xx_that_says_success_is_a_doubt(self, body: object, status: int) -> None:
        assert isinstance(outcome(body, status), Doubt)

    def test_an_error_list_is_a_refusal_in_its_own_words(self) -> None:
        body = {"error": [{"elementId": "credit", "message": "Crédit invalide"}, {"elementId": "x"}, "odd"]}
        assert outcome(body, 400) == Refused(None, "Crédit invalide", by_field=True)

    def test_an_error_list_with_a_good_status_is_a_doubt(self) -> None:
        assert isinstance(outcome({"error": [{"message": "no"}]}), Doubt)


class TestSuccess:
    def test_numbers_are_exact(self) -> None:
        body = b'{"success":true,"code":200,"credit":123456789012.345,"subaccountCredit":0.1,"currency":"EUR"}'
        assert outcome(body) == Applied(Decimal("123456789012.345"), Decimal("0.1"))

    @pytest.mark.parametrize("figure", ["2869.2", " 2869.200 ", 2869.2, "+2869.2"])
    def test_a_balance_may_be_text(self, figure: object) -> None:
        assert outcome({**SUCCESS, "credit": figure}) == APPLIED

    @pytest.mark.parametrize(("figure", "balance"), [(0, "0"), (-0.05, "-0.05"), (1e2, "100"), ("1.23456", "1.235")])
    def test_a_balance_may_be_any_number(self, figure: object, balance: str) -> None:
        assert outcome({**SUCCESS, "credit": figure}) == Applied(Decimal(balance), Decimal("61.8"))

    @pytest.mark.parametrize("code", ["200", " 200 "])
    def test_the_code_may_be_text(self, code: str) -> None:
        assert outcome({**SUCCESS, "code": code}) == APPLIED

    @pytest.mark.parametrize("field", ["credit", "subaccountCredit"])
    @pytest.mark.parametrize(
        "figure",
        [
            None, True, "", "12,50", "1 000", "1_000", "1e3", "٣", "NaN", "Infinity", "12.", "€5", [], {}, 10**12,
            10**4000,
        ],
    )  # fmt: skip
    def test_a_balance_that_is_not_a_number_is_a_doubt(self, field: str, figure: object) -> None:
        assert isinstance(outcome({**SUCCESS, field: figure}), Doubt)

    @pytest.mark.parametrize(
        "literal", ["NaN", "Infinity", "-Infinity", "1e99999", "9" * 5000, "1e99999999999999999999"]
    )
    def test_a_number_beyond_all_measure_is_a_doubt(self, literal: str) -> None:
        body = json.dumps(SUCCESS).replace("2869.2", literal).encode()
        assert isinstance(outcome(body), Doubt)

    @pytest.mark.parametrize(
        ("field", "values"),
        [
            ("currency", [None, "", "USD", "eur", 978, ["EUR"]]),
            ("code", [None, 0, 10, 201, 200.5, "OK", True, [200], 10**30]),
            ("success", ["true", 1, None, "yes", [True]]),
        ],
    )
    def test_another_currency_or_code_or_anything_but_true_is_a_doubt(self, field: str, values: list[object]) -> None:
        assert {type(outcome({**SUCCESS, field: value})) for value in values} == {Doubt}

    @pytest.mark.parametrize("missing", sorted(SUCCESS))
    def test_a_missing_field_is_a_doubt(self, missing: str) -> None:
        assert isinstance(outcome({name: value for name, value in SUCCESS.items() if name != missing}), Doubt)

    def test_a_field_that_occurs_twice_is_a_doubt(self) -> None:
        body = json.dumps(SUCCESS).replace('"code": 200', '"code": 10, "code": 200').encode()
        assert isinstance(outcome(body), Doubt)

    @given(
        st.fixed_dictionaries(
            {},
            optional={
                "success": st.sampled_from([True, False, "true", 1, None]),
                "code": st.sampled_from([200, "200", 10, None, 200.0]) | st.integers(),
                "credit": st.sampled_from([2869.2, "2869.2", "x", None, True]) | st.floats(allow_nan=False),
                "subaccountCredit": st.sampled_from([61.8, "61.8", "", []]),
                "currency": st.sampled_from(["EUR", "USD", None]),
                "message": st.text(),
            },
        ),
        st.sampled_from([200, 201, 302, 400, 429, 500]),
    )
    @example(SUCCESS, 200)
    def test_only_five_right_fields_are_ever_applied(self, body: dict[str, Any], status: int) -> None:
        came = outcome(body, status)
        right = (
            200 <= status < 300
            and body.get("success") is True
            and body.get("code") in (200, "200")
            and body.get("currency") == "EUR"
            and all(isinstance(body.get(name), int | float | str) for name in ("credit", "subaccountCredit"))
        )
        assert right or not isinstance(came, Applied)


class TestRefusal:
    @pytest.mark.parametrize("code", [*range(1, 12), 20, 30, 40, 90, 96, "10"])
    @pytest.mark.parametrize("status", [200, 400, 499])
    def test_a_documented_code_is_proof(self, code: int | str, status: int) -> None:
        assert outcome({**REFUSAL, "code": code}, status) == Refused(
            int(code), "Clé API incorrecte", of_account=int(code) in STOPPING
        )

    @pytest.mark.parametrize("code", [-1, 0, 12, 19, 41, 95, 97, 199, 201, 428, 499])
    @pytest.mark.parametrize("status", [200, 400, 499])
    def test_another_code_below_500_is_no_proof(self, code: int, status: int) -> None:
        assert code not in PROOF
        assert outcome({**REFUSAL, "code": code}, status) == Unproven(Refused(code, "Clé API incorrecte"))

    @pytest.mark.parametrize("code", [500, 501, 10**6, "503"])
    @pytest.mark.parametrize("status", [200, 400])
    def test_a_code_of_500_and_above_says_nothing_of_the_movement(self, code: int | str, status: int) -> None:
        came = outcome({**REFUSAL, "code": code}, status)
        assert isinstance(came, Doubt)
        assert came.refusal == Refused(int(code), "Clé API incorrecte", of_account=int(code) in STOPPING)

    @pytest.mark.parametrize("code", ["ten", 10.5, True, [], 10**12, "9" * 20, 200, "200"])
    def test_a_code_that_is_none_or_that_of_a_success_is_a_doubt(self, code: object) -> None:
        assert isinstance(outcome({**REFUSAL, "code": code}), Doubt)

    def test_a_refusal_without_a_code_is_no_proof_even_if_it_says_why(self) -> None:
        assert outcome({"success": False, "message": "Non"}) == Unproven(Refused(None, "Non"))

    @pytest.mark.parametrize("body", [{"success": False}, {"success": False, "message": " "}])
    def test_a_refusal_without_code_or_words_is_a_doubt(self, body: object) -> None:
        assert isinstance(outcome(body), Doubt)

    @pytest.mark.parametrize(
        "words", ["Crédit insuffisant : 0,50 €", "  L’œuvre\n« à » ", "Insufficient credit", "=1+1"]
    )
    def test_words_are_kept_verbatim(self, words: str) -> None:
        assert outcome({**REFUSAL, "message": words}) == Refused(10, words, of_account=True)

    @pytest.mark.parametrize("words", [None, 5, ["x"], {"y": 1}])
    def test_words_that_are_none_are_left_out(self, words: object) -> None:
        assert outcome({**REFUSAL, "message": words}) == Refused(10, "", of_account=True)

    def test_words_are_bounded(self) -> None:
        came = outcome({**REFUSAL, "message": "é" * 5000})
        assert isinstance(came, Refused)
        assert came.words == "é" * MAX_WORDS

    def test_what_nothing_can_store_is_replaced(self) -> None:
        assert outcome(rb'{"success":false,"code":2,"message":"a\ud800b\u0000c"}') == Refused(2, "a�b�c")


class TestXml:
    def test_a_success_is_read_by_position(self) -> None:
        assert outcome(XML_SUCCESS) == Applied(Decimal("2859.2"), Decimal("71.8"))

    def test_a_refusal_is_read_by_position(self) -> None:
        body = xml("false", "10", "<![CDATA[Clé <API> & incorrecte]]>")
        assert outcome(body, 403) == Refused(10, "Clé <API> & incorrecte", of_account=True)

    @pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\n  ", b"\xef\xbb\xbf\r\n"])
    @pytest.mark.parametrize("body", [XML_SUCCESS, json.dumps(SUCCESS).encode()])
    def test_a_byte_order_mark_does_no_harm(self, before: bytes, body: bytes) -> None:
        assert isinstance(outcome(before + body), Applied)

    def test_another_encoding_is_read(self) -> None:
        body = xml("false", "7", "né").decode().replace("UTF-8", "ISO-8859-1")
        assert outcome(body.encode("latin-1")) == Refused(7, "né")

    @pytest.mark.parametrize(
        "body",
        [
            xml(), xml("true"), xml("true", "200"), xml("true", "200", "1", "EUR"),
            xml("true", "200", "1", "2", "EUR", "3"), xml("true", "200", "2", "EUR", "1"),
            xml("true", "10", "1", "2", "EUR"), xml("true", "200", "1", "2", "USD"),
            xml("true", "200", "1,5", "2", "EUR"), xml("true", "200", "", "2", "EUR"),
            xml("true", "200", "1<b>2</b>", "2", "EUR"), xml("true", "200", "<b>1</b>", "2", "EUR"),
            xml("maybe", "200", "1", "2", "EUR"), xml("", "10", "no"), xml("false", "10"),
            xml("false", "10", "no", "more"), xml("false", "200", "no"), xml("false", "ten", "no"),
            xml("<b/>", "10", "no"), XML_SUCCESS[:-3], XML_SUCCESS + b"x", XML_SUCCESS.replace(b"result", b"answer"),
            XML_SUCCESS.replace(b"<entry>true</entry>", b"<success>true</success>"),
            XML_SUCCESS.replace(b"<result>", b'<result xmlns="urn:x">'),
            XML_SUCCESS.replace(b"UTF-8", b"no-such-encoding"), XML_SUCCESS.replace(b"UTF-8", b"utf-7"),
            b"<html><body>It works</body></html>", b"<" * 1000, b"<entry>" * 9000,
            b"<result>" + b"<entry>" * 5000 + b"</entry>" * 5000 + b"</result>",
        ],
    )  # fmt: skip
    def test_anything_else_is_a_doubt(self, body: bytes) -> None:
        assert isinstance(outcome(body), Doubt)

    @pytest.mark.parametrize(
        "doctype",
        [
            b'<!DOCTYPE r [<!ENTITY a "EUR">]>',
            b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
            b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
            b'<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd">',
            b"<!DOCTYPE r>",
        ],
    )
    def test_a_document_type_is_a_doubt(self, doctype: bytes) -> None:
        head, rest = XML_SUCCESS.split(b"\n", 1)
        assert isinstance(outcome(head + doctype + rest), Doubt)


class TestAnythingAtAll:
    @given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode), st.integers(100, 599))
    @example(b"\xff\xfe<\x00", 200)
    @example(b'{"success": true', 200)
    @example(b"[" * 60_000, 200)
    @example(b'{"a":' * 20_000, 200)
    @example(b"\xef\xbb\xbf", 200)
    def test_bytes_are_understood_or_not_and_nothing_else(self, body: bytes, status: int) -> None:
        with suppress(NotUnderstoodError):
            decode(Answer(status, body))
        assert not isinstance(judge_exchange(Answer(status, body)), Applied)

    @given(
        st.lists(st.sampled_from(["<result>", "</result>", "<entry>", "</entry>", "true", "200", "&a;", "<![CDATA["]))
    )
    def test_broken_xml_is_not_understood(self, pieces: list[str]) -> None:
        assert not isinstance(judge_exchange(Answer(200, "".join(pieces).encode())), Applied)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_json_of_any_shape_is_no_account(self, value: object) -> None:
        reply = Success({"credits": value, "user": value, "data": [value], "total": 1})
        with pytest.raises(NotUnderstoodError):
            read_main_account(reply)
        with pytest.raises(NotUnderstoodError):
            read_subaccount_page(reply, 1)

    def test_what_is_not_understood_does_not_carry_the_body_along(self) -> None:
        with pytest.raises(NotUnderstoodError) as caught:
            decode(Answer(200, b'{"apiKey": "a-secret \xff'))
        error: BaseException | None = caught.value
        while error is not None:
            assert "a-secret" not in repr(error)
            error = error.__cause__ or error.__context__


class TestMainAccount:
    @pytest.mark.parametrize(
        "figures",
        [
            {"solde": "10225.119", "balance": "10225.119"}, {"balance": "10225.119"}, {"solde": "10225.119"},
            {"solde": None, "balance": 10225.119}, {"creditSmsLowCost": 2, "balance": "10225.119"},
            {"solde": "10225.1190", "balance": "10225.119"},
        ],
    )  # fmt: skip
    def test_either_figure_will_do(self, figures: dict[str, object]) -> None:
        body = {"success": True, "code": 200, "user": {"username": "a@example.com"}, "credits": {**CREDITS, **figures}}
        assert read_main_account(understood(body)) == MainAccount("a@example.com", Decimal("10225.119"))

    @pytest.mark.parametrize(
        "figures",
        [
            {}, {"solde": "1.000", "balance": "2.000"}, {"balance": ""}, {"balance": "12,5"},
            {"balance": [], "solde": "1"},
        ],
    )  # fmt: skip
    def test_no_figure_or_two_are_not_understood(self, figures: dict[str, object]) -> None:
        body = {"success": True, "code": 200, "credits": {**CREDITS, **figures}}
        with pytest.raises(NotUnderstoodError):
            read_main_account(understood(body))

    @pytest.mark.parametrize("user", [None, {}, {"username": None}, {"username": {"x": 1}}, "me", []])
    def test_an_account_may_have_no_name(self, user: object) -> None:
        body = {"success": True, "code": 200, "user": user, "credits": {"balance": "1.000", "currency": "EUR"}}
        assert read_main_account(understood(body)) == MainAccount("", Decimal(1))

    def test_another_currency_is_not_understood(self) -> None:
        body = {"success": True, "code": 200, "credits": {"balance": "1.000", "currency": "USD"}}
        with pytest.raises(NotUnderstoodError, match="euros"):
            read_main_account(understood(body))

    def me_as_xml(self, *credits_: str) -> bytes:
        user = "<username><![CDATA[a@example.com]]></username><firstname>A</firstname><lastname>B</lastname>"
        return xml("true", "200", user, "".join(f"<entry>{text}</entry>" for text in credits_))

    @pytest.mark.parametrize(
        ("solde", "balance"), [("10225.119", "10225.119"), ("", "10225.119"), ("<![CDATA[10225.119]]>", "")]
    )
    def test_xml_is_read_by_position(self, solde: str, balance: str) -> None:
        body = self.me_as_xml("1", "2", "3", "0", solde, "<![CDATA[EUR]]>", balance)
        assert read_main_account(understood(body)) == MainAccount("a@example.com", Decimal("10225.119"))

    @pytest.mark.parametrize(
        "credits_",
        [
            (), ("1", "2", "3", "0", "1.0", "EUR"), ("1", "2", "3", "0", "1.0", "EUR", "1.0", "more"),
            ("1", "2", "3", "0", "", "EUR", ""), ("1", "2", "3", "0", "1.0", "EUR", "2.0"),
            ("1", "2", "3", "0", "1.0", "USD", "1.0"), ("1", "2", "3", "0", "<b>1.0</b>", "EUR", "1.0"),
        ],
    )  # fmt: skip
    def test_other_xml_is_not_understood(self, credits_: tuple[str, ...]) -> None:
        with pytest.raises(NotUnderstoodError):
            read_main_account(understood(self.me_as_xml(*credits_)))

    def test_a_movements_answer_is_no_account(self) -> None:
        for body in (SUCCESS, XML_SUCCESS):
            with pytest.raises(NotUnderstoodError):
                read_main_account(understood(body))


class TestSubAccounts:
    ENTRY: dict[str, object] = {  # noqa: RUF012 (a constant of the tests)
        "id": 1,
        "email": "é@example.com",
        "type": "simple",
        "token": "token1",
        "apiKey": "sub-account-secret",
        "createdAt": "2016-03-04 11:23:14",
        "credits": {"balance": "0.800", "currency": "EUR"},
    }

    def page(self, *entries: object, **fields: object) -> Success:
        return understood({"success": True, "code": 200, "total": len(entries), "data": entries, **fields})

    def test_an_entry_is_read_without_its_key(self) -> None:
        reply = self.page(self.ENTRY)
        _total, [account] = read_subaccount_page(reply, 3)
        assert (account.token, account.email, account.kind) == ("token1", "é@example.com", "simple")
        assert (account.balance, account.page) == (Decimal("0.8"), 3)
        assert "sub-account-secret" not in repr((account, reply, reply.fields))

    def test_an_entry_may_lack_what_is_not_needed(self) -> None:
        _total, [account] = read_subaccount_page(self.page({"token": "t", "credits": self.ENTRY["credits"]}), 1)
        assert (account.email, account.kind) == ("", "")

    @pytest.mark.parametrize(
        "change",
        [
            {"token": None}, {"token": ""}, {"token": 5}, {"token": "a\ud800"}, {"credits": None}, {"credits": {}},
            {"credits": {"balance": "x", "currency": "EUR"}}, {"credits": {"balance": "1.000", "currency": "USD"}},
        ],
    )  # fmt: skip
    def test_an_entry_without_what_is_needed_is_not_understood(self, change: dict[str, object]) -> None:
        with pytest.raises(NotUnderstoodError):
            read_subaccount_page(self.page({**self.ENTRY, **change}), 1)

    @pytest.mark.parametrize(
        ("field", "values"), [("total", [None, -1, "many", 1.5, True, 10**12]), ("data", [None, {}, "x", 5])]
    )
    def test_a_total_or_a_list_that_is_none_is_not_understood(self, field: str, values: list[object]) -> None:
        for value in values:
            with pytest.raises(NotUnderstoodError):
                read_subaccount_page(self.page(**{field: value}), 1)

    def test_xml_is_not_understood(self) -> None:
        with pytest.raises(NotUnderstoodError):
            read_subaccount_page(understood(XML_SUCCESS), 1)
