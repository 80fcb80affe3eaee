"""A running node's API, for commands: found through the settings file, opened with the admin token."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import httpx

from ivr.errors import ConfigError, IvrError
from ivr.settings import load_settings, parse_address

DEMO = Path("examples/demo/hotline.yaml")
TIMEOUT = 10.0


class NodeSaysNo(IvrError):
    """The node refused, or cannot be reached."""


class NodeClient:
    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"}

    def get(self, path: str, **query: str) -> Any:
        return self._json("GET", path, params=query)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        return self._json(method, path, json=body)

    def octets(self, path: str, **query: str) -> bytes:
        return self._ask("GET", path, params=query).content

    def _json(self, method: str, path: str, **options: Any) -> Any:
        response = self._ask(method, path, **options)
        return response.json() if response.content else {}

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = httpx.request(
                method, self.url + path, headers=self._headers, timeout=TIMEOUT, trust_env=False, **options
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NodeSaysNo(f"{self.url} does not answer: {error}; is `ivr serve` running? --url names another") from error
        if response.is_error:
            try:
                message = response.json()["error"]["message"]
            except (ValueError, KeyError, TypeError):
                message = f"status {response.status_code}"
            raise NodeSaysNo(str(message))
        return response


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the options that tell which node is asked."""
    parser.add_argument("--config", type=Path, default=DEMO, help=f"settings file of the node (default: {DEMO})")
    parser.add_argument("--data", type=Path, metavar="DIR", help="its data folder, where that was given to `ivr serve`")
    parser.add_argument("--url", metavar="URL", help="its pages, such as http://127.0.0.1:8080 (default: web.listen)")


def client_of(args: argparse.Namespace) -> NodeClient:
    """Raises ConfigError where the settings or the token cannot be read."""
    settings = None if args.url and args.data else load_settings(args.config)
    url = args.url
    if settings is not None and not url:
        host, port = parse_address(settings.web.listen, "web.listen")
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    data = args.data if settings is None or args.data else args.config.resolve().parent / settings.data
    path = Path(data).resolve() / "admin-token"
    try:
        token = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path}: {why}; --data names the node's data folder") from error
    return NodeClient(url, token)
