"""The words of the provider's API: its calls, its codes, and what it says in French and in English."""

from __future__ import annotations

from enum import IntEnum, StrEnum

LANGUAGES = ("fr", "en")


class Call(StrEnum):
    """The four calls that the sandbox stands in for."""

    ADD = "add"
    REMOVE = "remove"
    ME = "me"
    LIST = "list"


class Code(IntEnum):
    """The codes that the sandbox gives of its own accord."""

    KEY_REQUIRED = 1
    CREDIT_REQUIRED = 2
    TOKEN_REQUIRED = 3
    CREDIT_NOT_POSITIVE = 5
    MAIN_BALANCE_EMPTY = 6
    UNKNOWN_SUBACCOUNT = 7
    INSUFFICIENT_CREDIT = 8
    WRONG_KEY = 10
    MALFORMED_JSON = 90
    OK = 200
    NOT_FOUND = 404
    METHOD_NOT_ALLOWED = 405
    INTERNAL_PROBLEM = 500


# Every code that the provider documents for these calls, or for the same API elsewhere.
_MESSAGES = {
    1: ("La clé API est requise", "API key is required"),
    2: ("Le montant du crédit est requis", "Credit amount is required"),
    3: ("L'identifiant du sous-compte est requis", "Sub-account identifier is required"),
    4: ("Vous n'êtes pas autorisé", "You are not authorized"),
    5: ("Le crédit à attribuer doit être supérieur à 0", "Credit to assign must be greater than 0"),
    6: ("Votre solde doit être supérieur à 0", "Your balance must be greater than 0"),
    7: ("Le sous-compte n'existe pas", "Sub-account does not exist"),
    8: ("Crédit insuffisant", "Insufficient credit"),
    10: ("Clé API incorrecte", "Invalid API key"),
    11: ("Crédit insuffisant", "Insufficient credit"),
    20: ("Compte désactivé", "Account disabled"),
    30: ("Compte bloqué", "Account blocked"),
    40: ("Accès à l'API refusé", "API access denied"),
    90: ("JSON mal formé", "Malformed JSON"),
    96: ("Adresse IP non autorisée", "IP address not authorized"),
    404: ("Cette adresse n'existe pas", "This address does not exist"),
    405: ("Méthode non permise", "Method not allowed"),
    500: ("Problème interne", "Internal problem"),
}


def message(code: int, language: str) -> str:
    """Say what the provider says with a code; a code it does not document still gets a sentence."""
    return _MESSAGES.get(code, (f"Erreur {code}", f"Error {code}"))[LANGUAGES.index(language)]
