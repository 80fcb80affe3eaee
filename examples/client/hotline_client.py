"""A client of Hotline's API for Python, small enough to be copied: needs `httpx` and nothing else.

export HOTLINE_URL=http://127.0.0.1:8080 HOTLINE_TOKEN=$(cat data/admin-token)
python hotline_client.py queues
python hotline_client.py agents
python hotline_client.py break anna meal 15
python hotline_client.py callback +8613800138000 support
python hotline_client.py contacts 20
python hotline_client.py dead            # webhook deliveries that did not arrive, and send them again
CRM_SECRET=... python hotline_client.py listen 9000   # prints the events of a webhook, each once
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx

SKEW = 300.0
"""Seconds by which the clock of the server may differ from ours."""
REMEMBERED = 10_000


class HotlineError(Exception):
    """The server said no: `code` is for programs, the text for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Hotline:
    """One server. Every method raises HotlineError, and httpx.HTTPError where nobody answers."""

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=f"{url.rstrip('/')}/api/v1", headers=headers, timeout=10.0, transport=transport)

    def close(self) -> None:
        self._client.close()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> Any:
        """Any operation of `GET /api/v1/openapi.json`: `ask("GET", "/queues")`. A server that is busy is asked again."""
        chosen = {name: value for name, value in query.items() if value is not None}
        for pause in (1.0, 2.0, None):
            answer = self._client.request(method, path, json=body, params=chosen)
            if answer.status_code not in (429, 503) or pause is None:
                break
            time.sleep(min(30.0, float(answer.headers.get("retry-after", pause))))
        if answer.is_success:
            return answer.json()
        try:
            error = answer.json()["error"]
        except (ValueError, KeyError):
            error = {"code": "http", "message": answer.reason_phrase}
        raise HotlineError(answer.status_code, error["code"], error["message"])

    def pages(self, path: str, name: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, the newest first, page by page."""
        before = None
        while True:
            page = self.ask("GET", path, before=before, limit=200, **query)
            yield from page[name]
            before = page["next"]
            if before is None:
                return

    def queues(self) -> Any:
        return self.ask("GET", "/queues")

    def agents(self) -> list[dict[str, Any]]:
        return list(self.ask("GET", "/agents")["agents"])

    def order(self, agent: str, state: str, reason: str = "", seconds: float = 0.0) -> Any:
        """`available`, `break` or `offline`; a break of `seconds` ends by itself."""
        return self.ask("POST", f"/agents/{agent}/state", {"state": state, "reason": reason, "seconds": seconds})

    def contacts(self, **query: Any) -> Iterator[dict[str, Any]]:
        """Filters: `queue`, `agent`, `disposition`."""
        return self.pages("/contacts", "contacts", **query)

    def contact(self, contact_id: str) -> Any:
        """One with its turns."""
        return self.ask("GET", f"/contacts/{contact_id}")

    def promise(self, number: str, queue: str, **more: Any) -> Any:
        """Have somebody called back."""
        return self.ask("POST", "/callbacks", {"number": number, "queue": queue, **more})

    def replay(self, webhook: str, begin: float, end: float) -> int:
        """Send the events of a time once more; how many."""
        return int(self.ask("POST", f"/webhooks/{webhook}/replay", {"from": begin, "until": end})["count"])


# --- the other direction: events of a webhook


def event_of(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> dict[str, Any]:
    """The event of a request. Raises ValueError where it was not signed with `secret`, or is from another time."""
    given = {name.lower(): value for name, value in headers.items()}
    stamp, signature = given.get("hotline-timestamp", ""), given.get("hotline-signature", "")
    wanted = "v1=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), signature.encode()):
        raise ValueError("the signature is wrong")
    if not stamp.isdecimal() or abs(now - int(stamp)) > SKEW:
        raise ValueError("this is too old, or one of the clocks is wrong")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("this is no event")
    return found


class Once:
    """Remembers the last events, for each may come more than once."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._most = most

    def first(self, event: Mapping[str, Any]) -> bool:
        if event["id"] in self._seen:
            return False
        self._seen[event["id"]] = None
        while len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return True


def listen(port: int, secret: str, heard: Callable[[dict[str, Any]], None]) -> HTTPServer:
    """A server for a webhook at `http://127.0.0.1:PORT/` that gives each event once to `heard`; run its `serve_forever`."""
    once = Once()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            try:
                event = event_of(secret, dict(self.headers.items()), self.rfile.read(min(length, 1 << 20)), time.time())
            except ValueError as error:
                self.send_error(401, str(error))
                return
            self.send_response(204)  # answer first, work then
            self.end_headers()
            if once.first(event):
                heard(event)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return HTTPServer(("127.0.0.1", port), Handler)


def main(words: list[str]) -> int:
    match words:
        case ["listen", port]:
            server = listen(int(port), os.environ["CRM_SECRET"], lambda event: print(json.dumps(event), flush=True))
            server.serve_forever()
            return 0
    house = Hotline(os.environ["HOTLINE_URL"], os.environ["HOTLINE_TOKEN"])
    try:
        match words:
            case ["queues"]:
                for queue in house.queues()["queues"]:
                    print(f"{queue['name']:20} {queue['waiting']:4} waiting")
            case ["agents"]:
                for agent in house.agents():
                    print(f"{agent['id']:20} {agent['state']:10} {agent['reason']}")
            case ["break", agent, reason, minutes]:
                house.order(agent, "break", reason, 60.0 * float(minutes))
            case ["callback", number, queue]:
                print(house.promise(number, queue)["id"])
            case ["contacts", count]:
                for _, row in zip(range(int(count)), house.contacts(), strict=False):
                    print(row["started_at"], row["queue"], row["agent_id"], row["disposition"])
            case ["dead"]:
                for row in house.pages("/webhooks/deliveries", "deliveries", status="dead"):
                    print(row["hook"], row["event_id"], row["reason"])
                    house.ask("POST", f"/webhooks/deliveries/{row['id']}/retry")
            case _:
                print(__doc__)
                return 2
    except HotlineError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 1
    finally:
        house.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
