"""Serve the site, the sandbox and the demonstration."""

from __future__ import annotations

import os
import secrets
import tempfile
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import copy
from decimal import Decimal, InvalidOperation
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch.cli.check import CheckRequest, check_file
from batch.cli.run import run_sheet
from batch.cli.terminal import read_environment, say, warn_of_open_home
from batch.errors import SettingsError, UsageError, explain_os_error
from batch.i18n import _, get_language, ngettext
from batch.settings import (
    API_URL,
    DATABASE_URL,
    HOME,
    KEY,
    KEY_FILE,
    MAIL_HOST,
    SIGNING_KEY_FILE,
    TIMESTAMP_CA_FILE,
    TIMESTAMP_URL,
    Choices,
    find_strays,
    is_this_machine,
    load_settings,
)
from batch.zone import ZONE

if TYPE_CHECKING:
    from batch.web.configure import SiteOptions


def serve_sandbox(*, drift: str, faults: Sequence[str], **given: Any) -> None:
    """Serve until interrupted."""
    from batch.sandbox import Fault, Sandbox, SandboxOptions

    try:
        options = SandboxOptions(drift=Decimal(drift), faults=tuple(map(Fault.from_text, faults)), **given)
        sandbox = Sandbox(options)
        sandbox.start()
    except InvalidOperation:
        raise UsageError(_("--drift {value} is not a number of euros.").format(value=drift)) from None
    except (ValueError, OSError) as error:
        why = explain_os_error(error) if isinstance(error, OSError) else str(error)
        raise UsageError(_("The sandbox cannot start: {why}.").format(why=why.rstrip("."))) from error
    say(_("The sandbox answers at {address} until Ctrl-C. Nothing in it is real.").format(address=sandbox.url))
    try:
        sandbox.serve_forever()
    except KeyboardInterrupt:
        say(_("The sandbox has ended."))
    finally:
        sandbox.close()


_IN_WHEEL = "demo_sheet/monthly.xlsx"
_IN_CHECKOUT = Path(__file__).parents[2] / "samples" / "monthly.xlsx"
_COMMAND_LATENCY_MS = 25.0
_SITE_LATENCY_MS = 40.0
"""About what a real call takes, so that progress is shown as it will be."""


def run_demo(out: Path) -> int:
    """Check and run the sample sheet, and leave the report in the folder."""
    request = CheckRequest(_find_sample())
    with (
        tempfile.TemporaryDirectory(prefix=_DEMO_FOLDER, ignore_cleanup_errors=True) as home,
        _open_demo_sandbox(Path(home), latency_ms=_COMMAND_LATENCY_MS),
    ):
        say(_("A demonstration: the sandbox stands in for the provider, nothing here is real."))
        try:
            check_file(request)
            # It is the demonstration's own name, and every demonstration leaves the same there.
            path = out / "demo.xlsx"
            return run_sheet(request, Choices(), yes=True, json=False, out=path, force=True, timestamp=None)
        finally:
            _close_database()


_KEPT = ("CREDITBATCH_LANG", ZONE)
"""Settings that hold for a demonstration too."""


@contextmanager
def _open_demo_sandbox(home: Path, **options: Any) -> Iterator[None]:
    """Point this process at a sandbox, whatever the person's own settings are but for language and zone."""
    from batch.sandbox import Sandbox, SandboxOptions

    with Sandbox(SandboxOptions(language=get_language().value, **options)) as sandbox:
        for name in [name for name in os.environ if name.startswith("CREDITBATCH_") and name not in _KEPT]:
            del os.environ[name]
        os.environ.pop(KEY_FILE, None)
        os.environ |= {KEY: "sandbox-key", API_URL: sandbox.url, HOME: str(home)}
        # Empty, so that a `.env` file in this folder does not lead elsewhere.
        os.environ |= dict.fromkeys((DATABASE_URL, "CREDITBATCH_SITE_URL", "CREDITBATCH_OIDC_URL", MAIL_HOST), "")
        os.environ |= dict.fromkeys((SIGNING_KEY_FILE, TIMESTAMP_URL, TIMESTAMP_CA_FILE), "")
        yield


def _close_database() -> None:
    """Close the database's file: Windows does not delete one that is open."""
    from django.conf import settings
    from django.db import connections

    if settings.configured:
        connections.close_all()


def _find_sample() -> Path:
    """Find the sample: installed with the package, or beside it in a checkout."""
    installed = Path(str(resources.files("batch"))) / _IN_WHEEL
    for path in (installed, _IN_CHECKOUT):
        if path.is_file():
            return path
    raise UsageError(_("The sample sheet is missing from this installation: install creditbatch again."))


_THREADS = 8
_MOST_BYTES = 120 * 1024 * 1024
"""Of one request, uploads included; what a page takes is less, and it says so itself."""
_MOST_OF_STRANGERS = 1_000_000
"""What a form takes; a larger one is taken only from who may upload."""
_BESIDE_FILE = 1024 * 1024
_PROXY_HEADERS = {"x-forwarded-for", "x-forwarded-proto"}
_DEMO_FOLDER = "creditbatch-demo-"
_DEMO_PEOPLE = (
    ("preparer", {"can_prepare": True}),
    ("approver", {"can_approve": True}),
    ("administrator", {"can_prepare": True, "can_approve": True, "can_administer": True}),
)


def serve_site(*, host: str, port: int, demo: bool, open_browser: bool, link_for: str | None) -> int:
    """Serve until interrupted."""
    with ExitStack() as stack:
        # Whatever the site writes, and its workers, is its owner's alone: a log that is made anew just now, too.
        stack.callback(os.umask, os.umask(0o077))
        if demo:
            stack.enter_context(_prepare_demo())
        found = load_settings(read_environment())
        from django.conf import settings
        from django.core.management import call_command

        from batch.web.configure import LOOPBACK_NAMES, configure, read_site_options, start_log, stop_log

        options = read_site_options(read_environment())
        shown = f"[{host}]" if ":" in host else host
        if not is_this_machine(host):
            _refuse_exposure(host, options)
        names = (*LOOPBACK_NAMES, shown) if is_this_machine(host) else LOOPBACK_NAMES
        configure(found.home, found.database_url, demo=demo, hosts=names)
        warn_of_open_home(found.home)
        from batch.web.batches.jobs import Scheduler

        stack.callback(_close_database)
        stack.callback(stop_log, start_log(found.home))
        call_command("clearsessions")
        call_command("collectstatic", verbosity=0, interactive=False)
        _warn_of_stray_key()
        server = _make_server(host, port, options, max(_MOST_BYTES, found.max_file_mb * 1024 * 1024 + _BESIDE_FILE))
        stack.callback(server.close)
        # Browsers make passkeys for names, not for numbers.
        named = "localhost" if host in {"127.0.0.1", "::1"} else shown
        address = options.url or f"http://{named}:{_find_port(server)}"
        # What mails link to, for this process and for the workers that it starts.
        settings.CREDITBATCH_SITE_URL = os.environ["CREDITBATCH_SITE_URL"] = address
        _greet(address, link_for)
        scheduler = Scheduler()
        scheduler.start()
        stack.callback(scheduler.stop)
        if open_browser:
            webbrowser.open(address)
        server.run()
    say(_("The site has ended. Batches under way go on by themselves."))
    return 0


def _warn_of_stray_key() -> None:
    """Say at the start what the pages will say of a key that is not sent where a `.env` in this folder leads."""
    from batch.web.credentials import load_connection

    if find_strays(os.environ, Path.cwd()):
        try:
            load_connection()
        except SettingsError as error:
            say(f"creditbatch: {error}")


def _refuse_exposure(host: str, options: SiteOptions) -> None:
    if not options.is_https:
        sentence = _(
            "--host {host} would let other machines reach the site unprotected: put it behind a proxy with https and "
            "set CREDITBATCH_SITE_URL to the address that people use."
        )
        raise UsageError(sentence.format(host=host))
    if not options.trusted_proxy:
        sentence = _("--host {host} needs CREDITBATCH_TRUSTED_PROXY, the IP address of the proxy before the site.")
        raise UsageError(sentence.format(host=host))


def _make_server(host: str, port: int, options: SiteOptions, most: int):  # type: ignore[no-untyped-def] # waitress has no types
    from django.core.handlers.wsgi import WSGIHandler
    from waitress import create_server

    # Elsewhere than behind a proxy, what a visitor says of itself is thrown away.
    proxy = options.trusted_proxy or "127.0.0.1"
    trust = {"trusted_proxy": proxy, "trusted_proxy_count": 1, "trusted_proxy_headers": _PROXY_HEADERS}
    sockets: dict[int, Any] = {}
    try:
        server = create_server(
            WSGIHandler(),
            map=sockets,
            host=host,
            port=port,
            threads=_THREADS,
            ident=None,
            clear_untrusted_proxy_headers=True,
            max_request_body_size=most,
            **(trust if options.is_https else {}),
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        sentence = _("The site cannot listen on {host}, port {port}: {why}; another --port may be free.")
        raise UsageError(sentence.format(host=host, port=port, why=why)) from error
    channel = _make_channel_class()
    for each in sockets.values():
        if hasattr(each, "channel_class"):
            each.channel_class = channel
    return server


def _make_channel_class() -> type:
    """Make the connections on which a large body is refused at its first line, unless it is a preparer's: the server
    would take all of it, to a file, before the site is asked whose it is.
    """
    from waitress.channel import HTTPChannel
    from waitress.parser import HTTPRequestParser
    from waitress.utilities import RequestEntityTooLarge

    from batch.web.access import may_send_files

    sentence = _("So much is taken only from a preparer who is logged in: log in, and send a file that the site takes.")

    class Parser(HTTPRequestParser):  # type: ignore[misc]
        adj: Any
        content_length: int
        headers: dict[str, str]

        def parse_header(self, header_plus: bytes) -> None:
            """Read the head, and decide how much may follow."""
            super().parse_header(header_plus)
            is_large = self.content_length >= _MOST_OF_STRANGERS
            if not (is_large or self.chunked) or may_send_files(self.headers.get("COOKIE", "")):
                return
            if is_large:
                self.error = RequestEntityTooLarge(sentence)
                # As if there were no body. Nobody is told to go on with it either.
                self.body_rcv, self.content_length, self.expect_continue = None, 0, False
            # Of a body that does not say how long it is, no more is taken than of any other.
            self.adj = copy(self.adj)
            self.adj.max_request_body_size = _MOST_OF_STRANGERS

    return type("Channel", (HTTPChannel,), {"parser_class": Parser})


def _find_port(server: object) -> int:
    """Find the port that is really listened on: port 0 takes any."""
    several = getattr(server, "effective_listen", None)
    return int(several[0][1] if several else server.effective_port)  # type: ignore[attr-defined]


def _greet(address: str, link_for: str | None) -> None:
    from batch.web.auth import services

    say(_("The site is at {address} until Ctrl-C.").format(address=address))
    if link_for is not None:
        say(_("One-time link for {name}:").format(name=link_for))
        say(f"{address}/invitation/{_make_link_secret(link_for)}")
    first = services.make_first_link()
    if first is not None:
        hours = ngettext(
            "Nobody can log in yet. This link makes the first administrator; it works once, for {count} hour:",
            "Nobody can log in yet. This link makes the first administrator; it works once, for {count} hours:",
            services.FIRST_HOURS,
        )
        say(hours.format(count=services.FIRST_HOURS))
        say(f"{address}/setup/{first}")


def _make_link_secret(username: str) -> str:
    """Make a link for who forgot their password: whoever starts the site can read its database anyway."""
    from batch.web.audit import write_entry
    from batch.web.auth import services
    from batch.web.models import Person

    person = Person.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise UsageError(_("There is no active person with the user name {name}.").format(name=username))
    write_entry("link.made", username)
    return services.make_link(person)


@contextmanager
def _prepare_demo() -> Iterator[None]:
    """Make a sandbox, which is kept in the person's own folder if there is one, and three people."""
    own = os.environ.get("CREDITBATCH_HOME")
    with ExitStack() as stack:
        if own:
            home = Path(own).expanduser() / "demo"
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
        else:
            folder = tempfile.TemporaryDirectory(prefix=_DEMO_FOLDER, ignore_cleanup_errors=True)
            home = Path(stack.enter_context(folder))
        stack.enter_context(_open_demo_sandbox(home, latency_ms=_SITE_LATENCY_MS, state=home / "sandbox.json"))
        _make_people(home)
        yield


def _make_people(home: Path) -> None:
    """Make three people with new passwords, which are printed and stored nowhere."""
    from batch.web.configure import configure

    configure(home, None, demo=True)
    from batch.web.models import Person

    say(_("A demonstration: the provider is a sandbox on this machine, and nothing in it is real. Log in as"))
    for username, roles in _DEMO_PEOPLE:
        # As they were, whatever somebody did with them in an earlier demonstration.
        person, _made = Person.objects.update_or_create(username=username, defaults={**roles, "is_active": True})
        password = "-".join(secrets.token_hex(2) for _part in range(4))
        person.set_password(password)
        person.save()
        say(f"  {username:<14} {password}")
