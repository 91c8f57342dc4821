"""Sign records with an Ed25519 key, and check what was signed. Nothing here shows a private byte."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from batch.errors import SettingsError, explain_os_error
from batch.files import make_private_file
from batch.i18n import _

KEY_NAME = "signing.key"
_MOST_BYTES = 65_536
_OF_OTHERS = 0o077
"""What a mode lets others than the owner do."""


def load_signing_key(home: Path, key_file: Path | None) -> Ed25519PrivateKey:
    """Load the key in the file, else the home's own, which is made at its first use; `SettingsError` says why not."""
    path = key_file or home / KEY_NAME
    try:
        if key_file is None:
            make_private_file(path, _make_key)
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MOST_BYTES)
    except (OSError, ValueError) as error:
        why = explain_os_error(error) if isinstance(error, OSError) else _("it is not a file's name")
        raise SettingsError(_("The signing key {path} cannot be used: {why}.").format(path=path, why=why)) from error
    if os.name == "posix" and mode & _OF_OTHERS:
        sentence = _("The signing key {path} can be read by others: “chmod 600” makes it its owner's alone.")
        raise SettingsError(sentence.format(path=path))
    return _parse_key(path, content)


def _make_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def _parse_key(path: Path, content: bytes) -> Ed25519PrivateKey:
    # What the library says of a file that it cannot read is not passed on: it may quote a part of it.
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError:
        sentence = _(
            "The signing key {path} is protected by a passphrase: keep it without one, where only you can read."
        )
        raise SettingsError(sentence.format(path=path)) from None
    except (ValueError, UnsupportedAlgorithm):
        sentence = _("The file {path} holds no private key in the form PEM: put it back from your backup.")
        raise SettingsError(sentence.format(path=path)) from None
    if not isinstance(key, Ed25519PrivateKey):
        sentence = _("The signing key {path} is not an Ed25519 key: “openssl genpkey -algorithm ed25519” makes one.")
        raise SettingsError(sentence.format(path=path))
    return key


def sign_message(key: Ed25519PrivateKey, message: bytes) -> bytes:
    return key.sign(message)


def read_public_key(key: Ed25519PrivateKey) -> bytes:
    """Read the public half, 32 bytes."""
    return key.public_key().public_bytes_raw()


def encode_public_key(public: bytes) -> str:
    """Write the public half as reports print it."""
    return base64.b64encode(public).decode("ascii")


def write_public_pem(public: bytes) -> bytes:
    """Write the public half as other programs read it."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def has_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether who has the private half of this key signed the message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
