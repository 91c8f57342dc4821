"""What the environment says of how the network is reached: its proxies and its certificates."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from batch.errors import SettingsError
from batch.language import _
from batch.settings import is_this_machine


def find_proxies(url: str) -> dict[str, str]:
    """Find the proxies for an address. Plain http must not leave this machine, by way of a proxy either.

    `SettingsError` where the environment names one that is not reached by HTTP: no connection of ours goes there.
    """
    proxies = get_environ_proxies(url)
    proxy = select_proxy(url, proxies) or ""
    if "://" in proxy and not proxy.lower().startswith(("http://", "https://")):
        raise SettingsError(
            _("The environment names a proxy that is not an HTTP proxy: correct it, or list the host in NO_PROXY.")
        )
    if urlsplit(url).scheme == "https":
        return proxies
    try:
        host = urlsplit(proxy if "://" in proxy else f"//{proxy}").hostname
    except ValueError:
        host = None
    return proxies if host and is_this_machine(host) else {}


def find_certificates() -> str | bool:
    """Find the environment's own certificates; True stands for those that the library brings."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        bundle = os.environ.get(name)
        if bundle:
            if not Path(bundle).exists():
                sentence = _("{name} names {file}, which is not there: correct it or unset it.")
                raise SettingsError(sentence.format(name=name, file=bundle))
            return bundle
    return True
