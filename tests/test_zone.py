"""Every moment is shown in one zone: the one that is set, else the machine's."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import pytest

from batch.errors import SettingsError
from batch.zone import find_zone, get_zone, localize, name_zone, use_zone

NEW_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)


def test_a_zone_is_found_by_its_name_and_names_itself() -> None:
    with use_zone(find_zone(" Europe/Paris ")):
        assert name_zone() == "Europe/Paris"
        assert f"{localize(NEW_YEAR):%Y-%m-%d %H:%M}" == "2027-01-01 00:30"
    assert name_zone() == "UTC"


@pytest.mark.parametrize("name", ["UTC", "Etc/UTC", "Zulu"])
def test_every_name_of_utc_is_shown_as_utc(name: str) -> None:
    with use_zone(find_zone(name)):
        assert name_zone() == "UTC"


@pytest.mark.parametrize("name", ["Paris", "../etc/passwd", "/etc/localtime", "Europe", "CET+1\n", "\0", " "])
def test_what_is_no_zone_is_refused_by_the_settings_name(name: str) -> None:
    with pytest.raises(SettingsError, match="CREDITBATCH_TIME_ZONE must be a time zone such as Europe/Paris or UTC"):
        find_zone(name)


def test_without_a_setting_it_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tzlocal.get_localzone", lambda: ZoneInfo("Asia/Tokyo"))
    assert str(find_zone(None)) == "Asia/Tokyo"


def test_on_a_machine_whose_zone_has_no_name_it_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ValueError("no such zone")

    with Path(str(TZPATH[0]), "Europe", "Paris").open("rb") as file:
        unnamed = ZoneInfo.from_file(file)
    for answer in (fail, lambda: unnamed):
        monkeypatch.setattr("tzlocal.get_localzone", answer)
        assert str(find_zone(None)) == "UTC"


def test_what_the_library_says_of_the_machine_reaches_nobody() -> None:
    code = """if True:
        import logging, warnings, tzlocal
        from zoneinfo import ZoneInfo
        from batch.zone import find_zone
        def find():
            logging.getLogger("tzlocal").warning("deprecated")
            warnings.warn("offset")
            return ZoneInfo("Asia/Tokyo")
        tzlocal.get_localzone = find
        print(find_zone(None))
    """
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("Asia/Tokyo\n", "")


def test_another_zone_is_used_only_for_a_while() -> None:
    before = get_zone()
    with use_zone(ZoneInfo("America/New_York")):
        assert get_zone() != before
    assert get_zone() == before
