"""Setting Django up: the keys, the tables, what is safe behind a proxy and on this machine."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from batch.web.configure import configure
from batch.web.credentials import load_connection
from batch.web.models import Person
from tests.web.conftest import Site

_BOTH_WAYS = """
import sys
from pathlib import Path
home = Path(sys.argv[1])
from batch.ledger.orm.connection import connect
connect(home, None)
from django.conf import settings
assert settings.INSTALLED_APPS == ["batch.ledger.orm.LedgerConfig"]
assert not any(name.startswith("batch.web") for name in sys.modules)
from batch.ledger.orm.store import DatabaseLedger
print(DatabaseLedger().find_newest())
"""


def test_the_keys_are_in_their_own_files(site: Site) -> None:
    for name, key in {"secret-key": settings.SECRET_KEY, "vault-key": settings.CREDITBATCH_VAULT_KEY}.items():
        assert (site.home / name).read_text().strip() == key
        assert os.name != "posix" or (site.home / name).stat().st_mode & 0o777 == 0o600
    assert settings.SECRET_KEY != settings.CREDITBATCH_VAULT_KEY
    assert settings.SECRET_KEY.encode() not in site.database.read_bytes()


def test_the_command_line_opens_a_ledger_with_the_sites_tables_and_loads_none_of_them(site: Site) -> None:
    connections["default"].close()
    ended = subprocess.run(
        [sys.executable, "-c", _BOTH_WAYS, str(site.home)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.stdout, ended.stderr) == ("None\n", "")


def test_the_site_moves_into_a_ledger_that_the_command_line_made(site: Site, tmp_path: Path) -> None:
    home = tmp_path / "another"
    made = subprocess.run([sys.executable, "-c", _BOTH_WAYS, str(home)], capture_output=True, timeout=60, check=False)
    assert made.returncode == 0
    configure(home, None)

    assert Person.objects.count() == 0
    connections["default"].close()


def test_check_deploy_is_clean_on_this_machine_with_only_silenced_what_needs_https(site: Site) -> None:
    assert settings.SILENCED_SYSTEM_CHECKS == ["security.W004", "security.W008", "security.W012", "security.W016"]
    assert _complaints() == ""


def test_check_deploy_is_clean_behind_a_proxy_with_nothing_silenced_but_other_hosts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDITBATCH_SITE_URL", "https://credits.example.com")
    configure(site.home, None)
    assert settings.SILENCED_SYSTEM_CHECKS == ["security.W005", "security.W021"]
    assert _complaints() == ""
    assert settings.SESSION_COOKIE_SECURE
    assert settings.CSRF_COOKIE_SECURE
    assert settings.ALLOWED_HOSTS == ["127.0.0.1", "localhost", "[::1]", "credits.example.com"]


def test_a_key_of_the_environment_serves_until_one_is_entered(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMSPARTNER_API_KEY", "from-the-environment")
    monkeypatch.setenv("CREDITBATCH_API_URL", "https://elsewhere.example.com/v1")
    address, key = load_connection()
    assert (address, key.reveal()) == ("https://elsewhere.example.com/v1", "from-the-environment")


@pytest.mark.usefixtures("site")
def test_migrations_have_nothing_to_change() -> None:
    call_command("makemigrations", "ledger", "web", check_changes=True, dry_run=True, verbosity=0)


def _complaints() -> str:
    out, err = io.StringIO(), io.StringIO()
    call_command("check", deploy=True, fail_level="WARNING", stdout=out, stderr=err)
    return err.getvalue()
