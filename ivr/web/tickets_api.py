"""`/api/v1/inbox/tickets`: tickets as agents work on them. `/api/v1/tickets` (supervisors, programs) changes the same rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import Conflict
from ivr.messages.addresses import phone_of
from ivr.messages.parts import MessageParts
from ivr.messages.store import Row
from ivr.records.followups import PRIORITIES, TICKET, TICKET_STATUS, row_of
from ivr.web.api import BadRequest, body_of
from ivr.web.auth import Gate
from ivr.web.messages_api import ROLES, limit, one_line, tags_of, text, words, writer
from ivr.web.parts import Account

CALLBACK_SECONDS = 4 * 3600.0
"""Within which a customer is called who is to be called by whoever is free."""
_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_CHANGED = ("status", "priority", "assignee", "queue", "subject", "kind", "note", "due_at", "tags")


class TicketsApi:
    """For everybody who answers customers, and for the API token."""

    def __init__(self, parts: MessageParts, gate: Gate) -> None:
        self._parts, self._gate, self._tickets = parts, gate, parts.tickets

    @property
    def routes(self) -> list[Route]:
        one = "/api/v1/inbox/tickets/{number}"
        return [
            Route("/api/v1/inbox/tickets", self.several),
            Route("/api/v1/inbox/tickets", self.open, methods=["POST"]),
            Route(one, self.one),
            Route(one, self.change, methods=["PATCH"]),
            Route(f"{one}/accept", self.accept, methods=["POST"]),
            Route(f"{one}/decline", self.decline, methods=["POST"]),
            Route(f"{one}/comments", self.comment, methods=["POST"]),
            Route(f"{one}/links", self.link, methods=["POST"]),
            Route(f"{one}/call", self.call, methods=["POST"]),
        ]

    async def several(self, request: Request) -> Response:
        """`?view=mine|open|unassigned|late|all`: those due next first; of `all` the latest."""
        who = await self._gate.require(request, *ROLES)
        query = request.query_params
        rows = await self._tickets.view(query.get("view", "mine"), who.id, limit(query.get("limit", "100")))
        return JSONResponse({"tickets": rows})

    async def one(self, request: Request) -> Response:
        await self._gate.require(request, *ROLES)
        ticket = await self._tickets.get(request.path_params["number"])
        return JSONResponse({**ticket, "cards": await self._parts.desk.cards(ticket["id"])})

    async def open(self, request: Request) -> Response:
        """`{subject, body, kind, priority, queue, tags, assignee, key}`, and where from: `thread`, `contact`, `number`."""
        who = await writer(self._gate, request)
        body = await body_of(request)
        subject = one_line(text(body, "subject", 300))
        if not subject:
            raise Conflict("subject: say in some words what it is about")
        values: Row = {"subject": subject, "body": text(body, "body", 10_000, ""), "assignee": who.id, "kind": "desk"}
        values |= self._checked(
            {name: body[name] for name in ("kind", "priority", "queue", "tags", "assignee") if name in body}
        )
        key = text(body, "key", 64, "")
        if key and not _KEY.fullmatch(key):
            raise BadRequest("key: letters, digits and _ . : -")
        links, more = await self._from(body)
        ticket = await self._tickets.open(who.id, {**more, **values}, links, key)
        for kind, ref in links:
            if kind == "thread":
                await self._parts.desk.linked(ref, ticket["id"])
        return JSONResponse(ticket, 201)

    async def _from(self, body: Mapping[str, Any]) -> tuple[list[tuple[str, str]], Row]:
        """What a new ticket is linked to, and what is known of the customer from there."""
        links: list[tuple[str, str]] = []
        more: Row = {}
        if thread_id := text(body, "thread", 40, ""):
            thread = await self._parts.desk.store.get(thread_id)
            links.append(("thread", thread_id))
            numbers = await self._parts.customers.numbers(thread["customer"])
            more = {"customer": thread["customer"], "caller_name": thread["name"], "language": thread["language"]}
            more["caller_number"] = numbers[0] if numbers else ""
        if contact_id := text(body, "contact", 64, ""):
            links.append(("contact", contact_id))
            more |= {"contact_id": contact_id}
        if number := text(body, "number", 40, ""):
            address = phone_of(number)
            if not address:
                raise Conflict("number: a telephone number such as +8613800138000")
            more |= {"caller_number": address.removeprefix("tel:"), "caller_name": text(body, "name", 200, "")}
            more.setdefault("customer", await self._parts.customers.of(address))
        return links, more

    async def change(self, request: Request) -> Response:
        """Any of `status priority assignee queue subject kind note due_at tags`; the clock follows the status."""
        who = await writer(self._gate, request)
        body = await body_of(request)
        if not body:
            raise Conflict(f"nothing to change: {', '.join(_CHANGED)}")
        ticket = await self._tickets.change(request.path_params["number"], who.id, self._checked(body))
        return JSONResponse(ticket)

    async def accept(self, request: Request) -> Response:
        """Take a ticket that is offered; what comes too late changes nothing."""
        return await self._decided(request, True)

    async def decline(self, request: Request) -> Response:
        return await self._decided(request, False)

    async def _decided(self, request: Request, accept: bool) -> Response:
        who, number = await writer(self._gate, request), request.path_params["number"]
        if self._parts.ticket_desk is not None and row_of(TICKET, number) is not None:
            await self._parts.ticket_desk.decide(who.id, number, accept)
        return JSONResponse({})

    async def comment(self, request: Request) -> Response:
        """`{text}` for colleagues."""
        who = await writer(self._gate, request)
        body = await body_of(request)
        return JSONResponse(await self._tickets.comment(request.path_params["number"], who.id, words(body)), 201)

    async def link(self, request: Request) -> Response:
        """`{kind: contact|thread|ticket|callback, ref}`."""
        who = await writer(self._gate, request)
        body = await body_of(request)
        kind, ref, number = text(body, "kind", 16), text(body, "ref", 64).strip(), request.path_params["number"]
        if kind == "thread":
            await self._parts.desk.store.get(ref)
        if kind == "ticket":
            ref = (await self._tickets.get(ref))["id"]
        ticket = await self._tickets.link(number, who.id, kind, ref)
        if kind == "thread":
            await self._parts.desk.linked(ref, ticket["id"])
        return JSONResponse(ticket, 201)

    async def call(self, request: Request) -> Response:
        """Call the customer: `{how: "now"}` by this agent's own audio, `{how: "callback", queue}` by the dialer for the agent
        or whoever else is free. `number` takes the place of the ticket's.
        """
        who = await writer(self._gate, request)
        body = await body_of(request)
        number, how = request.path_params["number"], text(body, "how", 16, "now")
        ticket = await self._tickets.get(number)
        to = phone_of(text(body, "number", 40, "") or await self._number(ticket)).removeprefix("tel:")
        if not to:
            raise Conflict("this ticket has no number that can be called; give one as `number`")
        match how:
            case "now":
                contact = await self._parts.dial(who.id, to)
                ticket = await self._tickets.comment(number, who.id, to, "call", how=how)
                if contact:
                    ticket = await self._tickets.link(number, who.id, "contact", contact)
            case "callback":
                promised = await self._parts.promise(self._callback(who, ticket, to, body))
                await self._tickets.link(number, who.id, "callback", promised)
                ticket = await self._tickets.comment(number, who.id, to, "callback", callback=promised)
            case _:
                raise BadRequest("how: now or callback")
        return JSONResponse(ticket)

    async def _number(self, ticket: Row) -> str:
        numbers = await self._parts.customers.numbers(ticket["customer"]) if ticket["customer"] else []
        return str(ticket["caller_number"] or (numbers[0] if numbers else ""))

    def _callback(self, who: Account, ticket: Row, to: str, body: Mapping[str, Any]) -> Row:
        queue = text(body, "queue", 64, "") or ticket["queue"] or (self._parts.queues[0] if self._parts.queues else "")
        if queue not in self._parts.queues:
            raise Conflict(f"queue: one of {', '.join(self._parts.queues)}")
        now = self._parts.desk.store.clock()
        row: Row = {"number": to, "contact_id": "", "caller_number": to, "caller_name": ticket["caller_name"], "queue": queue}
        row |= {"language": ticket["language"], "flow": "callback", "needs": {}, "priority": 5, "origin": "api"}
        row |= {"reason": f"{ticket['id']} {ticket['subject']}"[:300], "handover": {"facts": {"ticket": ticket["id"]}}}
        return row | {"from_at": now, "until_at": now + CALLBACK_SECONDS, "queued_at": now, "place": {"prefer": [who.id]}}

    def _checked(self, body: Mapping[str, Any]) -> Row:
        """Raises BadRequest naming the key."""
        values: Row = {}
        for name, value in body.items():
            match name:
                case "status":
                    values[name] = _one_of(name, value, TICKET_STATUS)
                case "priority":
                    values[name] = _one_of(name, value, PRIORITIES)
                case "queue":
                    values[name] = _one_of(name, value, ("", *self._parts.queues))
                case "assignee" | "subject" | "kind" | "note":
                    values[name] = text(body, name, {"assignee": 128, "subject": 300, "kind": 64, "note": 4000}[name])
                case "tags":
                    values[name] = tags_of(value)
                case "due_at":
                    values[name] = _moment(value)
                case _:
                    raise BadRequest(f"{name[:40]} cannot be changed: {', '.join(_CHANGED)} can")
        return values


def _one_of(name: str, value: object, known: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in known:
        raise BadRequest(f"{name}: one of {', '.join(filter(None, known))}")
    return value


def _moment(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 4e9:
        raise BadRequest("due_at: epoch seconds, or null")
    return float(value)
