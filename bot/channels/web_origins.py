"""Which web pages may talk to the channel, and from which address a request really comes."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from bot.core.settings import Settings

ALLOWED_METHODS = "GET, POST, DELETE, OPTIONS"
ALLOWED_HEADERS = "Authorization, Content-Type, Last-Event-ID, Accept, Cache-Control"
EXPOSED_HEADERS = "Retry-After, Content-Disposition"
PREFLIGHT_S = 600


class Origins:
    """The allow-list: our own address, and the pages of WEB_ORIGINS."""

    def __init__(self, own: Iterable[str], foreign: Iterable[str] = ()) -> None:
        self._own = frozenset(filter(None, map(origin_of, own)))
        self._all = self._own | frozenset(filter(None, map(origin_of, foreign)))

    @classmethod
    def of(cls, settings: Settings) -> Origins:
        """From the settings; on this machine both its number and its name are our own address."""
        port = settings.sma_rasa_port
        hosts = (settings.sma_host, "127.0.0.1", "localhost")
        local = [] if settings.sma_public_url else [f"http://{host}:{port}" for host in hosts]
        return cls([settings.public_url, *local], settings.web_origins)

    def allows(self, origin: str) -> bool:
        """Whether a page of this origin may embed the widget."""
        return origin in self._all

    def fits(self, asked: str | None, *, token: str | None, method: str) -> bool:
        """Whether a request with the header `Origin: asked` may use a token that was given to the origin `token`.

        Browsers name the origin of every request to another site, and of a GET to the page's own site they do not:
        a token of our own pages may come without one there. Other tokens fit their own origin alone.
        """
        if asked is None and method in ("GET", "HEAD") and token in self._own:
            return True
        return asked == token

    def cors_headers(self, origin: str | None) -> dict[str, str]:
        """Headers that let the browser hand an answer to a page; none for a page that is not allowed."""
        headers = {"Vary": "Origin"}
        if origin is not None and self.allows(origin):
            headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED_HEADERS}
        return headers

    def preflight_headers(self, origin: str | None) -> dict[str, str]:
        """Headers that answer the browser's question before a request to another site."""
        headers = self.cors_headers(origin)
        if "Access-Control-Allow-Origin" in headers:
            headers |= {
                "Access-Control-Allow-Methods": ALLOWED_METHODS,
                "Access-Control-Allow-Headers": ALLOWED_HEADERS,
                "Access-Control-Max-Age": str(PREFLIGHT_S),
            }
        return headers


def origin_of(address: str) -> str | None:
    """Scheme, host and port of an address as a browser writes them; None when it is none."""
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    is_default = port is None or port == {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" if is_default else f"{parts.scheme}://{host}:{port}"


def client_address(peer: str, forwarded_for: str | None) -> str:
    """The caller's address; what a proxy says is believed only when the proxy runs on this machine.

    Of `X-Forwarded-For` the last entry counts: it is the proxy's own, those before it are the caller's claim.
    """
    if forwarded_for and _is_loopback(peer):
        last = forwarded_for.rsplit(",", 1)[-1].strip()
        try:
            return str(ipaddress.ip_address(last))
        except ValueError:
            return peer
    return peer


def _is_loopback(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False
