"""`/api/v1/inbox`, `/threads`, `/timeline`, `/customers`: what agents do with messages; and the webhook that brings them."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import Conflict, NotAllowed, NotFound
from ivr.messages.addresses import address_of
from ivr.messages.parts import MessageParts
from ivr.messages.signing import SIGNATURE, TIMESTAMP, refusal
from ivr.messages.store import summary
from ivr.web.api import BadRequest, body_of
from ivr.web.auth import Gate, SignInNeeded
from ivr.web.parts import Account

audit = logging.getLogger("ivr.audit")
"""One line for each conversation that somebody reads who does not have it."""

ROLES = ("agent", "senior", "supervisor", "admin")
STATUS = ("waiting", "assigned", "pending", "closed")
MOST_HOOK = 256 * 1024
_TAG = re.compile(r"[^\s,;]{1,40}")

Do = Callable[[Account, str, dict[str, Any]], Awaitable[Any]]


class MessagesApi:
    """For everybody who answers customers, and for the API token."""

    def __init__(self, parts: MessageParts, gate: Gate) -> None:
        self._parts, self._gate = parts, gate
        self._desk = parts.desk

    @property
    def routes(self) -> list[Route]:
        thread, customer = "/api/v1/threads/{thread_id}", "/api/v1/customers/{customer}/addresses"
        actions: dict[str, Do] = {
            "messages": self._reply,
            "notes": self._note,
            "accept": lambda who, thread_id, body: self._desk.decide(who.id, thread_id, True),
            "decline": lambda who, thread_id, body: self._desk.decide(who.id, thread_id, False),
            "take": lambda who, thread_id, body: self._desk.take(who.id, thread_id),
            "give": lambda who, thread_id, body: self._desk.give(who.id, thread_id, text(body, "to", 140, "")),
            "aside": lambda who, thread_id, body: self._desk.put_aside(who.id, thread_id),
            "close": lambda who, thread_id, body: self._desk.close(who.id, thread_id),
            "typing": lambda who, thread_id, body: self._desk.types(who.id, thread_id),
            "seen": self._seen,
            "retry": self._retry,
        }
        return [
            Route("/api/v1/inbox", self.inbox),
            Route("/api/v1/threads", self.threads),
            Route(thread, self.thread),
            Route(thread, self._action(self._change), methods=["PATCH"]),
            *(Route(f"{thread}/{name}", self._action(do), methods=["POST"]) for name, do in actions.items()),
            Route("/api/v1/timeline", self.timeline),
            Route(customer, self.join, methods=["POST"]),
            Route(customer, self.part, methods=["DELETE"]),
            Route("/api/v1/messages/hooks/{name}", self.hook, methods=["POST"]),
        ]

    # --- reading

    async def inbox(self, request: Request) -> Response:
        """What the agent's inbox begins with."""
        who = await self._gate.require(request, *ROLES)
        mine, parts = await self._desk.mine(who.id), self._parts
        tickets = await parts.tickets.view("mine", who.id)
        agents = [{"id": one, "name": name} for one, name in parts.agents.items()]
        choices = {"queues": list(parts.queues), "agent": who.id, "agents": agents, "room": who.id in parts.takers}
        if parts.ticket_desk is not None:
            mine["offers"] += parts.ticket_desk.offers(who.id)
        return JSONResponse({**mine, "tickets": tickets, "choices": choices})

    async def threads(self, request: Request) -> Response:
        """`?status=`, `?limit=`, `?before=` (the `updated_at` of the last one of the page before): the latest first."""
        await self._gate.require(request, *ROLES)
        query = request.query_params
        status = query.get("status", "")
        if status and status not in STATUS:
            raise BadRequest(f"status: one of {', '.join(STATUS)}")
        rows = await self._desk.store.latest(status, limit(query.get("limit", "50")), moment(query.get("before")))
        return JSONResponse({"threads": [summary(row) for row in rows]})

    async def thread(self, request: Request) -> Response:
        """One with its messages, the last 100; those before the index `?before=`."""
        who = await self._gate.require(request, *ROLES)
        before = request.query_params.get("before")
        if before is not None and not re.fullmatch(r"[0-9]{1,6}", before):
            raise BadRequest("before: the index of a message")
        found = await self._desk.thread(request.path_params["thread_id"], None if before is None else int(before))
        if found["thread"]["agent_id"] not in ("", who.id):
            self._audit(request, who, f"conversation {found['thread']['id']} read")
        tickets = await self._parts.tickets.of("thread", found["thread"]["id"])
        cards = await self._desk.cards(found["thread"]["id"])
        return JSONResponse({**found, "tickets": tickets, "cards": cards})

    async def timeline(self, request: Request) -> Response:
        """Of `?customer=`, `?thread=`, `?ticket=` or `?address=tel:+86...`; `?before=` goes on."""
        await self._gate.require(request, *ROLES)
        query, parts = request.query_params, self._parts
        address, customer = query.get("address", ""), query.get("customer", "")[:40]
        if query.get("thread"):
            customer = (await self._desk.store.get(query["thread"]))["customer"]
        elif query.get("ticket"):
            ticket = await parts.tickets.get(query["ticket"])
            customer, address = ticket["customer"], f"tel:{ticket['caller_number']}" if ticket["caller_number"] else ""
        if not address and not customer:
            raise BadRequest("name one: customer, thread, ticket or address")
        try:
            given = address_of(address) if address else ""
        except ValueError as error:
            if not query.get("ticket"):
                raise BadRequest(f"address: {error}") from error
            given = ""
        found = await parts.timeline.of(given, customer, moment(query.get("before")), limit(query.get("limit", "50")))
        return JSONResponse(found)

    # --- doing

    def _action(self, do: Do) -> Callable[[Request], Any]:
        async def act(request: Request) -> Response:
            who = await self._writer(request)
            done = await do(who, request.path_params["thread_id"], await body_of(request))
            return JSONResponse(done if done is not None else {})

        return act

    async def _reply(self, who: Account, thread_id: str, body: dict[str, Any]) -> Any:
        """`{text, key}`; the same `key` again sends nothing twice."""
        done = await self._desk.reply(who.id, thread_id, words(body), text(body, "key", 64, ""))
        await self._parts.tickets.answered("thread", thread_id)
        return done

    async def _note(self, who: Account, thread_id: str, body: dict[str, Any]) -> Any:
        return await self._desk.note(who.id, thread_id, words(body), text(body, "key", 64, ""))

    async def _seen(self, who: Account, thread_id: str, body: dict[str, Any]) -> None:
        count = body.get("count")
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count < 1_000_000:
            raise BadRequest("send `count` as the number of messages that were read")
        await self._desk.seen(who.id, thread_id, count)

    async def _retry(self, who: Account, thread_id: str, body: dict[str, Any]) -> None:
        """Send an answer once more that was given up: `{index}`."""
        index = body.get("index")
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < 1_000_000:
            raise BadRequest("send `index`, the number of the message")
        await self._desk.retry(who.id, thread_id, index)

    async def _change(self, who: Account, thread_id: str, body: dict[str, Any]) -> Any:
        """`{tags, subject}`, either."""
        subject = one_line(text(body, "subject", 300)) if "subject" in body else None
        return await self._desk.change(thread_id, tags_of(body["tags"]) if "tags" in body else None, subject)

    async def join(self, request: Request) -> Response:
        """`{address}`: the customer is reached there too."""
        who = await self._writer(request)
        customer, address = request.path_params["customer"], _address(await body_of(request))
        await self._parts.customers.join(customer, address, self._desk.store.clock())
        self._audit(request, who, f"customer {customer}: an address joined")
        return JSONResponse({"addresses": await self._parts.customers.addresses(customer)})

    async def part(self, request: Request) -> Response:
        """`{address}`: it is not this customer's."""
        who = await self._writer(request)
        customer, address = request.path_params["customer"], _address(await body_of(request))
        await self._parts.customers.part(customer, address)
        self._audit(request, who, f"customer {customer}: an address parted")
        return JSONResponse({"addresses": await self._parts.customers.addresses(customer)})

    # --- from far ends

    async def hook(self, request: Request) -> Response:
        """Messages by a signed webhook; the same `id` twice counts once. 202 with their threads."""
        hook = self._parts.hooks.get(request.path_params["name"])
        if hook is None:
            raise NotFound("there is no such hook; `messages.hooks` of the settings names them")
        data = b""
        async for chunk in request.stream():
            data += chunk
            if len(data) > MOST_HOOK:
                raise BadRequest(f"the body is larger than {MOST_HOOK} octets")
        headers = request.headers
        why = refusal(hook.secret, headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, ""), data, self._desk.store.clock())
        if why:
            raise SignInNeeded(why)
        try:
            body = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise BadRequest("the body is not JSON") from error
        if not isinstance(body, dict):
            raise BadRequest("the body is not a JSON object")
        threads = []
        for message in hook.adapter.read(request.path_params["name"], body):
            thread, _ = await self._desk.incoming(message, hook.placing)
            threads.append(thread["id"])
        return JSONResponse({"threads": threads}, 202)

    async def _writer(self, request: Request) -> Account:
        return await writer(self._gate, request)

    def _audit(self, request: Request, who: Account, what: str) -> None:
        audit.warning(
            "%s by %s at %s", what, who.id, request.client.host if request.client else "", extra={"trail": {"what": what}}
        )


async def writer(gate: Gate, request: Request) -> Account:
    """Who changes something. Raises NotAllowed, SignInNeeded."""
    who = await gate.require(request, *ROLES)
    if not gate.same_origin(request):
        raise NotAllowed("this came from another site's page")
    return who


def text(body: Mapping[str, Any], name: str, most: int, default: str | None = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str) or len(value) > most:
        raise BadRequest(f"send `{name}` as text of at most {most} characters")
    return value


def one_line(given: str) -> str:
    """As the subject of an e-mail may be."""
    return " ".join(given.split())


def words(body: Mapping[str, Any]) -> str:
    """`text` that says something. Raises BadRequest, Conflict."""
    found = text(body, "text", 10_000).strip()
    if not found:
        raise Conflict("there is nothing to send: the text is empty")
    return found


def tags_of(value: object) -> list[str]:
    if not isinstance(value, list) or len(value) > 20 or not all(isinstance(one, str) and _TAG.fullmatch(one) for one in value):
        raise BadRequest("tags: at most 20, each of at most 40 characters without blanks and commas")
    return [str(one) for one in value]


def limit(given: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", given) or int(given) < 1:
        raise BadRequest("limit must be a number from 1")
    return min(int(given), 200)


def moment(given: str | None) -> float | None:
    """Epoch seconds, None without."""
    if not given:
        return None
    if not re.fullmatch(r"[0-9]{1,11}(\.[0-9]{1,9})?", given):
        raise BadRequest("before: epoch seconds")
    return float(given)


def _address(body: Mapping[str, Any]) -> str:
    try:
        return address_of(text(body, "address", 340))
    except ValueError as error:
        raise BadRequest(f"address: {error}") from error
