"""Signatures: a key that nobody else reads, one for all processes, and what another program makes of them."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from batch.errors import SettingsError
from batch.evidence.signature import (
    encode_public_key,
    has_signed,
    load_signing_key,
    read_public_key,
    sign_message,
    write_public_pem,
)
from batch.files import make_private_file
from tests.evidence.authority import needs_openssl, run_openssl

MESSAGE = b'{"batch":"20261130-120000-abc123","events":41,"hash":"00"}'
POSIX = pytest.mark.skipif(os.name != "posix", reason="modes are not known here")
_MAKER = """
import sys
from pathlib import Path
from batch.evidence.signature import encode_public_key, load_signing_key, read_public_key
sys.stdin.readline()
print(encode_public_key(read_public_key(load_signing_key(Path(sys.argv[1]), None))))
"""


def key_file(folder: Path, *arguments: str) -> Path:
    """A key as openssl makes it, for its owner alone."""
    path = folder / "elsewhere.pem"
    run_openssl(folder, "genpkey", *arguments, "-out", path.name)
    path.chmod(0o600)
    return path


class TestTheHomesKey:
    def test_it_is_made_once_in_a_folder_and_a_file_that_only_their_owner_opens(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        first = read_public_key(load_signing_key(home, None))
        assert read_public_key(load_signing_key(home, None)) == first
        assert [file.name for file in home.iterdir()] == ["signing.key"]
        if os.name == "posix":
            assert (home.stat().st_mode & 0o777, (home / "signing.key").stat().st_mode & 0o777) == (0o700, 0o600)

    @POSIX
    def test_nobody_else_could_read_it_while_it_was_being_made(self, tmp_path: Path) -> None:
        seen: list[tuple[int, int]] = []

        def make() -> str:
            # The file is there already, and empty.
            seen.extend((file.stat().st_mode & 0o777, file.stat().st_size) for file in tmp_path.iterdir())
            return "a secret"

        before = os.umask(0)
        try:
            make_private_file(tmp_path / "a-key", make)
        finally:
            os.umask(before)
        assert seen == [(0o600, 0)]

    def test_a_key_that_cannot_be_made_leaves_nothing(self, tmp_path: Path) -> None:
        def make() -> str:
            raise OSError("no")

        with pytest.raises(OSError, match="no"):
            make_private_file(tmp_path / "a-key", make)
        assert list(tmp_path.iterdir()) == []

    def test_processes_that_come_at_once_sign_with_one_key(self, tmp_path: Path) -> None:
        makers = [
            subprocess.Popen(
                [sys.executable, "-c", _MAKER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for _maker in range(2)
        ]
        for maker in makers:
            assert maker.stdin is not None
            maker.stdin.write("\n")
            maker.stdin.flush()
        assert len({maker.communicate(timeout=60)[0] for maker in makers}) == 1
        assert [file.name for file in tmp_path.iterdir()] == ["signing.key"]

    def test_a_home_that_cannot_be_made_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(SettingsError, match=r"signing\.key cannot be used: (not a directory|file exists)"):
            load_signing_key(tmp_path / "file", None)

    def test_what_is_left_of_a_damaged_key_is_not_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "signing.key").touch(0o600)
        with pytest.raises(SettingsError, match=r"signing\.key holds no private key"):
            load_signing_key(tmp_path, None)
        assert (tmp_path / "signing.key").read_bytes() == b""


class TestAKeyElsewhere:
    @needs_openssl
    def test_it_is_used_and_none_is_made(self, tmp_path: Path) -> None:
        path = key_file(tmp_path, "-algorithm", "ed25519")
        key = load_signing_key(tmp_path / "home", path)
        assert run_openssl(tmp_path, "pkey", "-in", path.name, "-pubout") == write_public_pem(read_public_key(key))
        assert not (tmp_path / "home").exists()

    @needs_openssl
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("-algorithm", "rsa"), "is not an Ed25519 key"),
            (("-algorithm", "x25519"), "is not an Ed25519 key"),
            (("-algorithm", "ed25519", "-aes256", "-pass", "pass:secret"), "is protected by a passphrase"),
            (("-algorithm", "ed25519", "-outform", "DER"), "holds no private key in the form PEM"),
        ],
    )
    def test_another_kind_is_refused_by_name(self, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
        path = key_file(tmp_path, *arguments)
        with pytest.raises(SettingsError, match=f"elsewhere.pem {words}"):
            load_signing_key(tmp_path, path)

    @pytest.mark.parametrize(
        "content", [b"", b"a password", b"\xff\x00" * 40_000, b"-----BEGIN PRIVATE KEY-----\nAAAA"]
    )
    def test_what_is_no_key_is_refused_by_name(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "elsewhere.pem"
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(SettingsError, match=r"elsewhere\.pem holds no private key"):
            load_signing_key(tmp_path, path)

    def test_one_that_is_missing_is_not_made(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=r"elsewhere\.pem cannot be used: no such file"):
            load_signing_key(tmp_path, tmp_path / "elsewhere.pem")
        with pytest.raises(SettingsError, match="cannot be used"):
            load_signing_key(tmp_path, tmp_path)
        assert list(tmp_path.iterdir()) == []

    @POSIX
    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o611])
    def test_one_that_others_open_is_refused_with_what_to_do(self, tmp_path: Path, mode: int) -> None:
        load_signing_key(tmp_path, None)
        (tmp_path / "signing.key").chmod(mode)
        for key in (None, tmp_path / "signing.key"):
            with pytest.raises(SettingsError, match=r"signing\.key can be read by others.*chmod 600"):
                load_signing_key(tmp_path, key)


class TestSignatures:
    def test_another_message_signature_or_key_is_not_signed(self, tmp_path: Path) -> None:
        key = load_signing_key(tmp_path, None)
        public, signature = read_public_key(key), sign_message(key, MESSAGE)
        other = read_public_key(load_signing_key(tmp_path / "other", None))
        assert (len(public), len(signature)) == (32, 64)
        assert has_signed(public, MESSAGE, signature)
        assert not has_signed(public, MESSAGE + b" ", signature)
        assert not has_signed(public, MESSAGE, bytes([signature[0] ^ 1]) + signature[1:])
        assert not has_signed(other, MESSAGE, signature)

    def test_what_is_no_key_or_no_signature_is_not_signed(self) -> None:
        for public in (b"", b"short", bytes(range(32)), bytes(33)):
            assert not has_signed(public, MESSAGE, bytes(64))
        assert not has_signed(bytes(range(32)), MESSAGE, b"")

    @needs_openssl
    def test_openssl_verifies_them_too(self, tmp_path: Path) -> None:
        key = load_signing_key(tmp_path, None)
        (tmp_path / "tip.json").write_bytes(MESSAGE)
        (tmp_path / "signature.bin").write_bytes(sign_message(key, MESSAGE))
        (tmp_path / "public-key.pem").write_bytes(write_public_pem(read_public_key(key)))
        verify = ("pkeyutl", "-verify", "-pubin", "-inkey", "public-key.pem", "-rawin", "-in", "tip.json")
        assert b"Signature Verified Successfully" in run_openssl(tmp_path, *verify, "-sigfile", "signature.bin")

    def test_the_public_half_is_printed_in_44_characters(self) -> None:
        assert encode_public_key(bytes(range(32))) == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def test_no_error_and_no_text_shows_a_private_byte(tmp_path: Path) -> None:
    key = load_signing_key(tmp_path, None)
    path = tmp_path / "signing.key"
    pem = path.read_text().splitlines()[1]
    secrets = [pem, pem[20:40], key.private_bytes_raw().hex(), repr(key.private_bytes_raw())]
    told = [repr(key), str(key)]
    for damaged in (pem, f"-----BEGIN PRIVATE KEY-----\n{pem[:-4]}\n-----END PRIVATE KEY-----\n", pem * 3):
        path.write_text(damaged)
        with pytest.raises(SettingsError) as caught:
            load_signing_key(tmp_path, None)
        told.append("".join(traceback.format_exception(caught.value)))
    assert isinstance(key, Ed25519PrivateKey)
    assert [secret for secret in secrets for text in told if secret in text] == []
