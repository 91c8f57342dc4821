"""A site of its own for every test: its folder, its database, its people; a sandbox over real sockets."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

import pytest

from batch.errors import UsageError
from batch.sandbox import Sandbox, SandboxOptions
from batch.web import settings as site_settings
from batch.web.configure import LOOPBACK_NAMES, configure
from batch.zone import get_zone, set_zone

if TYPE_CHECKING:
    from django.core.mail import EmailMessage
    from django.test import Client

    from batch.web.models import Person

T = TypeVar("T")

PASSWORD = "correct horse battery"

# Before any test of this process opens a ledger: Django can be set up once, and the site needs more than the ledger.
# Tests hash passwords quickly, and find static files without collecting them.
site_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]
site_settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
_FIRST = tempfile.TemporaryDirectory(prefix="creditbatch-tests-", ignore_cleanup_errors=True)
_MIGRATED = Path(_FIRST.name)
_HOSTS = ("testserver", *LOOPBACK_NAMES)
configure(_MIGRATED, None)


@dataclass(frozen=True)
class Site:
    home: Path

    @property
    def database(self) -> Path:
        return self.home / "ledger.sqlite3"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Configured on a copy of the migrated database, so that tests may use threads and processes."""
    from django.core import mail
    from django.db import connections

    for name in ("SMSPARTNER_API_KEY", "SMSPARTNER_API_KEY_FILE", "CREDITBATCH_API_URL", "CREDITBATCH_SITE_URL"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    (home / "static").mkdir(parents=True)
    shutil.copy(_migrated_database(), home / "ledger.sqlite3")
    monkeypatch.setenv("CREDITBATCH_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    configure(home, None, hosts=_HOSTS)
    mail.outbox = []
    yield Site(home)
    connections["default"].close()


def _migrated_database() -> Path:
    """The database that was migrated once, with nothing left in its write-ahead log."""
    from django.db import connections

    file = _MIGRATED / "ledger.sqlite3"
    if (_MIGRATED / "ledger.sqlite3-wal").exists() and str(connections["default"].settings_dict["NAME"]) == str(file):
        connections["default"].close()
    return file


@pytest.fixture
def mails(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[EmailMessage]:
    """What is written to people, kept in memory."""
    from django.conf import settings
    from django.core import mail

    monkeypatch.setattr(settings, "CREDITBATCH_HAS_MAIL", True)
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend")
    return mail.outbox


@pytest.fixture
def in_paris() -> Iterator[None]:
    """Put this process into a zone whose clocks change."""
    before = get_zone()
    set_zone(ZoneInfo("Europe/Paris"))
    yield
    set_zone(before)


@dataclass(frozen=True)
class People:
    """One person of each kind, and a second approver."""

    viewer: Person
    preparer: Person
    approver: Person
    administrator: Person
    second_approver: Person

    def __iter__(self) -> Iterator[Person]:
        return iter((self.viewer, self.preparer, self.approver, self.administrator, self.second_approver))


def make_person(username: str, **fields: object) -> Person:
    """Somebody active, with the password of all tests."""
    from batch.web.models import Person

    person = Person(username=username, full_name=f"{username.title()} Test", email=f"{username}@example.com", **fields)
    person.set_password(PASSWORD)
    person.save()
    return person


@pytest.fixture
def people(site: Site) -> People:
    return People(
        viewer=make_person("viewer"),
        preparer=make_person("preparer", can_prepare=True),
        approver=make_person("approver", can_approve=True),
        administrator=make_person("administrator", can_prepare=True, can_approve=True, can_administer=True),
        second_approver=make_person("second", can_approve=True),
    )


ClientFor = Callable[..., "Client"]


@pytest.fixture
def client_for(site: Site) -> ClientFor:
    """A browser in which this person is logged in, and has just confirmed it; in English unless they chose."""
    from django.test import Client

    from batch.web.confirming import CONFIRMED

    def made(person: Person | None, *, enforce_csrf_checks: bool = False, has_confirmed: bool = True) -> Client:
        client = Client(enforce_csrf_checks, headers={"accept-language": "en"})
        if person is not None:
            client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
            if has_confirmed:
                session = client.session
                session[CONFIRMED] = [person.pk, time.time()]
                session.save()
        return client

    return made


def act_at_once(act: Callable[[T], object], *given: T) -> list[object]:
    """Call it with each of these in a thread of its own, all at the same moment; what each returned or was refused."""
    from django.db import connections

    together = threading.Barrier(len(given))

    def begin(one: T) -> object:
        together.wait()
        try:
            return act(one)
        except UsageError as refused:
            return refused
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(len(given)) as pool:
        return list(pool.map(begin, given))


@pytest.fixture
def sandbox(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The provider's stand-in, which the environment points at."""
    with Sandbox(SandboxOptions(language="en")) as running:
        monkeypatch.setenv("SMSPARTNER_API_KEY", "sandbox-key")
        monkeypatch.setenv("CREDITBATCH_API_URL", running.url)
        monkeypatch.setenv("CREDITBATCH_SETTLE_SECONDS", "0.05")
        yield running


@pytest.fixture
def nobody(client_for: ClientFor) -> Client:
    return client_for(None)


@pytest.fixture
def viewer(people: People, client_for: ClientFor) -> Client:
    return client_for(people.viewer)


@pytest.fixture
def preparer(people: People, client_for: ClientFor) -> Client:
    return client_for(people.preparer)


@pytest.fixture
def approver(people: People, client_for: ClientFor) -> Client:
    return client_for(people.approver)


@pytest.fixture
def administrator(people: People, client_for: ClientFor) -> Client:
    return client_for(people.administrator)
