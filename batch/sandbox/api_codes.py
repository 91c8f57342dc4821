"""The words of the provider's API: its calls, its codes, and what it says in French and in English."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Call(StrEnum):
    """The four calls that the sandbox stands in for."""

    ADD = "add"
    REMOVE = "remove"
    ME = "me"
    LIST = "list"


class Language(StrEnum):
    """The languages that the provider's messages come in."""

    FR = "fr"
    EN = "en"


class Code(IntEnum):
    """Every code that the provider documents for these calls, or for the same API elsewhere."""

    KEY_REQUIRED = 1
    CREDIT_REQUIRED = 2
    TOKEN_REQUIRED = 3
    NOT_AUTHORIZED = 4
    CREDIT_NOT_POSITIVE = 5
    MAIN_BALANCE_EMPTY = 6
    UNKNOWN_SUBACCOUNT = 7
    INSUFFICIENT_CREDIT = 8
    WRONG_KEY = 10
    INSUFFICIENT_CREDIT_GENERAL = 11
    ACCOUNT_DISABLED = 20
    ACCOUNT_BLOCKED = 30
    API_ACCESS_DENIED = 40
    MALFORMED_JSON = 90
    ADDRESS_NOT_AUTHORIZED = 96
    OK = 200
    NOT_FOUND = 404
    METHOD_NOT_ALLOWED = 405
    INTERNAL_PROBLEM = 500


_MESSAGES: dict[int, tuple[str, str]] = {
    Code.KEY_REQUIRED: ("La clé API est requise", "API key is required"),
    Code.CREDIT_REQUIRED: ("Le montant du crédit est requis", "Credit amount is required"),
    Code.TOKEN_REQUIRED: ("L'identifiant du sous-compte est requis", "Sub-account identifier is required"),
    Code.NOT_AUTHORIZED: ("Vous n'êtes pas autorisé", "You are not authorized"),
    Code.CREDIT_NOT_POSITIVE: (
        "Le crédit à attribuer doit être supérieur à 0",
        "Credit to assign must be greater than 0",
    ),
    Code.MAIN_BALANCE_EMPTY: ("Votre solde doit être supérieur à 0", "Your balance must be greater than 0"),
    Code.UNKNOWN_SUBACCOUNT: ("Le sous-compte n'existe pas", "Sub-account does not exist"),
    Code.INSUFFICIENT_CREDIT: ("Crédit insuffisant", "Insufficient credit"),
    Code.WRONG_KEY: ("Clé API incorrecte", "Invalid API key"),
    Code.INSUFFICIENT_CREDIT_GENERAL: ("Crédit insuffisant", "Insufficient credit"),
    Code.ACCOUNT_DISABLED: ("Compte désactivé", "Account disabled"),
    Code.ACCOUNT_BLOCKED: ("Compte bloqué", "Account blocked"),
    Code.API_ACCESS_DENIED: ("Accès à l'API refusé", "API access denied"),
    Code.MALFORMED_JSON: ("JSON mal formé", "Malformed JSON"),
    Code.ADDRESS_NOT_AUTHORIZED: ("Adresse IP non autorisée", "IP address not authorized"),
    Code.NOT_FOUND: ("Cette adresse n'existe pas", "This address does not exist"),
    Code.METHOD_NOT_ALLOWED: ("Méthode non permise", "Method not allowed"),
    Code.INTERNAL_PROBLEM: ("Problème interne", "Internal problem"),
}


def message(code: int, language: Language) -> str:
    """What the provider says with a code; a code it does not document still gets a sentence."""
    french, english = _MESSAGES.get(code, (f"Erreur {code}", f"Error {code}"))
    return french if language is Language.FR else english
