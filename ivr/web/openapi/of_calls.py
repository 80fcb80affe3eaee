"""Signing in, contacts and what they left, queues and agents, calls out, SIP. Pure."""

from __future__ import annotations

from ivr.web.openapi.operation import ADMINS, ANYBODY, EVERYBODY, READERS, Op
from ivr.web.openapi.shapes import Shape

PAGE = {"limit?": "int 1..", "before?": "text"}
ROW: Shape = "object"
SOUND = ("audio/wav", "audio/mpeg", "audio/ogg")
LEVELS = {"*": "int 1..10"}
_DO = {"cancel": "Take a promised call back", "close": "Close one as done", "reschedule": "Put it off", "dial": "Call now"}
_CALL = {"from_at?": "iso?", "until_at?": "iso?"}
_DO_BODY: dict[str, Shape] = {
    "cancel": {},
    "close": {},
    "reschedule": _CALL,
    "dial": {},
}

SESSION = (
    Op(
        "POST /api/v1/login",
        "Sign in: sets the cookie `hotline_session`",
        ANYBODY,
        body={"username": "text 200", "password": "text 1000", "code?": "text 40"},
        answer={"id": "text", "name": "text", "roles": ["text"]},
        fails=(502,),
    ),
    Op(
        "POST /api/v1/logout",
        "End the session of the cookie",
        ANYBODY,
        body={"back?": "text"},
        answer={"next": "text"},
        more="`next` is where a browser goes on to so that it is signed out at its provider too, or empty.",
    ),
    Op(
        "GET /api/v1/me",
        "Whose session the cookie is",
        EVERYBODY,
        answer={"id": "text", "name": "text", "roles": ["text"]},
        more="401 `signed_out` where nobody is signed in.",
    ),
    Op(
        "GET /api/v1/health",
        "Whether the node works, and what it has",
        ANYBODY,
        answer={"status": "text", "version?": "text"},
        more="503 with the same members where something is away.",
    ),
    Op("GET /metrics", "Counters and gauges for Prometheus", ANYBODY, gives=("text/plain",)),
    Op(
        "GET /api/v1/openapi.json",
        "This document, of the routes that this node has",
        ANYBODY,
        answer={"openapi": "text", "paths": "object"},
    ),
)

CONTACTS = (
    Op(
        "GET /api/v1/contacts",
        "Contacts that are over, the newest first",
        (*READERS, "quality"),
        query={**PAGE, "queue?": "text", "agent?": "text", "disposition?": "text"},
        answer={"contacts": [ROW], "next": "text?"},
        more="`before` is the id of the last contact of the page before, or a time.",
    ),
    Op("GET /api/v1/contacts/{contact_id}", "One with its turns", (*READERS, "quality"), answer={"id": "text"}),
    Op(
        "GET /api/v1/contacts/{contact_id}/recordings/{number}",
        "A recording of a contact, by its number from 1",
        (*ADMINS, "quality"),
        query={"format?": "wav|mp3|ogg", "start?": "number 0..", "end?": "number 0.."},
        gives=SOUND,
    ),
    Op(
        "GET /api/v1/contacts/{contact_id}/playback",
        "A contact that is over on one time line: sound, turns, moods, marks",
        EVERYBODY,
        answer={
            "contact_id": "text",
            "started_at": "time",
            "seconds": "number",
            "begins": "number?",
            "recordings": [{"number": "int 1..", "offset": "number", "seconds": "number", "url": "text?", "why": "text"}],
            "peaks": {"from": "number", "step": "number", "caller": ["number 0..1"], "agent": ["number 0..1"]},
            "turns": [
                {"index": "int", "from": "number", "to": "number", "recorded": "bool", "speaker": "text", "text": "text"}
            ],
            "marks": [{"kind": "text", "from": "number", "to": "number", "label": "text"}],
        },
        more="Agents get what was reviewed for them, supervisors, quality and administrators everything.",
    ),
    Op(
        "GET /api/v1/contacts/{contact_id}/playback/{number}",
        "A recording as a player takes it, with `Range`",
        EVERYBODY,
        query={"format?": "text 8"},
        gives=("audio/wav", "audio/ogg", "audio/mpeg"),
        more="206 with `Range`, 416 for a range behind the end. Who listens is written into the audit.",
    ),
    Op(
        "GET /api/v1/transcripts/search",
        "What was said in contacts that are over, found by its words, the latest first",
        (*READERS, "quality"),
        query={
            "q": "text 200",
            **{f"{name}?": "text" for name in ("queue", "agent", "from", "to", "speaker", "before")},
            "mood?": "calm|tense|angry",
            "limit?": "int 1..",
        },
        answer={
            "hits": [
                {
                    "contact": "object",
                    "turn": "int",
                    "second": "number",
                    "speaker": "text",
                    "mood": "text",
                    "snippet": [{"text": "text", "hit": "bool"}],
                }
            ],
            "next": "text?",
            "words": "text",
            "seen": "int",
        },
        more='`q`: words that are all in one turn, `"some as they stand"`, `-without`. `speaker`: one, or several with commas.',
    ),
    Op(
        "GET /api/v1/contacts/{contact_id}/handover",
        "What is handed over of a contact, with a fresh link",
        gives=("application/vnd.hotline.handover+json",),
    ),
    Op(
        "GET /api/v1/contacts/{contact_id}/vcon",
        "A contact as vCon",
        query={"audio?": "url|inline|none"},
        gives=("application/vcon+json",),
        more="`inline` is for administrators and the API token.",
    ),
    Op("GET /api/v1/schemas/handover.json", "JSON schema of a handover", ANYBODY, gives=("application/schema+json",)),
    Op(
        "GET /api/v1/handover/{token}",
        "What a link of a handover leads to",
        ANYBODY,
        gives=("application/vnd.hotline.handover+json", "text/html"),
    ),
    Op("GET /api/v1/parked", "Who is parked, on all nodes", answer={"parked": ["object"]}),
)


def _shelf(name: str, filters: str, one: str) -> tuple[Op, Op]:
    query = {**PAGE, **{f"{word}?": "bool" if word == "heard" else "text" for word in filters.split()}}
    return (
        Op(
            f"GET /api/v1/{name}",
            f"{name.capitalize()} that calls left, the newest first",
            query=query,
            answer={
                name: [ROW],
                "next": "any",
            },
        ),
        Op(f"GET /api/v1/{name}/{{id}}", one),
    )


FOLLOW_UPS = (
    *_shelf("tickets", "status kind priority assignee contact_id caller_number", "One ticket"),
    Op(
        "PATCH /api/v1/tickets/{id}",
        "Change a ticket",
        body={
            "status?": "open|pending|solved|closed",
            "priority?": "low|normal|high|urgent",
            "assignee?": "text 128",
            "note?": "text 4000",
            "subject?": "text 300",
            "due_at?": "iso?",
        },
    ),
    *_shelf("callbacks", "status queue number contact_id caller_number", "One promised call"),
    Op(
        "PATCH /api/v1/callbacks/{id}",
        "Change a promised call",
        body={
            "status?": "done|failed|cancelled",
            "number?": "text 40",
            "queue?": "text 128",
            "note?": "text 4000",
            "from_at?": "iso",
            "until_at?": "iso",
        },
    ),
    Op(
        "POST /api/v1/callbacks",
        "Promise a call",
        body={
            "number": "text 40",
            "queue": "text 64",
            "needs?": LEVELS,
            "priority?": "int 0..10",
            "reason?": "text 300",
            "name?": "text 256",
            "language?": "text 16",
            "flow?": "text 64",
            **_CALL,
        },
        status=201,
        more="The same header `Idempotency-Key` again gives the same callback.",
    ),
    *(Op(f"POST /api/v1/callbacks/{{id}}/{name}", words, body=_DO_BODY[name]) for name, words in _DO.items()),
    *_shelf("surveys", "name agent_id contact_id caller_number", "The answers of one caller"),
    Op("GET /api/v1/surveys/scores", "Count, mean, least and most by survey", answer={"scores": ["object"]}),
    *_shelf("voicemails", "box heard contact_id caller_number", "One message"),
    Op("PATCH /api/v1/voicemails/{id}", "Mark a message", body={"heard?": "bool", "note?": "text 4000"}),
    Op("DELETE /api/v1/voicemails/{id}", "Remove a message with its sound", ADMINS),
    Op("GET /api/v1/voicemails/{id}/audio", "The sound of a message", query={"format?": "wav|mp3|ogg"}, gives=SOUND),
    *_shelf("notifications", "status by contact_id", "One notification"),
    Op("POST /api/v1/notifications/{id}/retry", "Send one that failed once more"),
)

_AGENT = "/api/v1/agents/{agent_id}"
QUEUES = (
    Op("GET /api/v1/queues", "Queues with their figures and who waits, agents, totals"),
    Op("GET /api/v1/agents", "Agents and what they do", answer={"agents": ["object"]}),
    Op(f"GET {_AGENT}/explain", "Why an agent gets no calls", more="An agent may ask about himself, too."),
    Op(
        f"GET {_AGENT}/states",
        "States that an agent had, the newest first",
        query={"limit?": "int 1.."},
        answer={
            "states": ["object"],
        },
    ),
    Op(
        f"POST {_AGENT}/state",
        "Order a state; a call goes on, and it comes after it",
        body={"state": "available|break|offline", "reason?": "text 80", "seconds?": "number 0.."},
    ),
    Op(f"GET {_AGENT}/breaks", "Breaks that are planned", answer={"breaks": ["object"]}),
    Op(f"POST {_AGENT}/breaks", "Plan a break", body={"from": "time", "until": "time", "reason": "text 80"}, status=201),
    Op(f"DELETE {_AGENT}/breaks/{{plan_id}}", "Take a planned break back"),
    Op(
        f"POST {_AGENT}/skills",
        "Other skills for now; level 0 takes one away",
        body={"skills": {"*": "int 0..10"}, "seconds?": "number 0.."},
    ),
    Op(f"DELETE {_AGENT}/skills", "The skills of the settings again"),
    Op("GET /api/v1/contacts/{contact_id}/explain", "Why a caller waits, and who was considered"),
    Op(
        "POST /api/v1/contacts/{contact_id}/move",
        "Send a caller to `queue:NAME`, `agent:ID` or `flow:NAME`",
        body={"to": "text 80", "priority?": "int 0..10"},
    ),
    Op(
        "GET /api/v1/orders",
        "What is ordered for now: drained queues, lent skills",
        answer={
            "drained": "object",
            "lent": "object",
        },
    ),
    Op(
        "POST /api/v1/queues/{queue}/drain",
        "Let nobody into a queue; who comes waits in `to`, or takes the edge `closed`",
        body={"to?": "text 80", "seconds?": "number 0..", "move?": "bool"},
    ),
    Op("DELETE /api/v1/queues/{queue}/drain", "Open a queue again"),
    Op(
        "POST /api/v1/broadcasts",
        "A line on the desks that are open",
        body={"text": "text 500", "level?": "text 80", "agents?": ["text 80"], "teams?": ["text 80"]},
        status=201,
    ),
)

HOUSE = (
    Op("GET /api/v1/sources", "How the sources of data are", answer={"sources": ["object"]}),
    Op("GET /api/v1/sources/{name}", "How one is"),
    Op("GET /api/v1/outbound", "Trunks, and who may not call out any more", READERS),
    Op("PUT /api/v1/outbound/blocked/{subject}", "Let a payer call out no more", ADMINS, query={"reason?": "text"}),
    Op("DELETE /api/v1/outbound/blocked/{subject}", "Let a payer call out again", ADMINS),
    Op("GET /api/v1/sip/bans", "Sources that may not send us SIP", ADMINS, answer={"bans": ["object"]}),
    Op(
        "POST /api/v1/sip/bans",
        "Ban a source: an address or a network",
        ADMINS,
        body={"source": "text 100", "seconds?": "number 1..", "reason?": "text 200"},
        status=201,
    ),
    Op("DELETE /api/v1/sip/bans/{source}", "Lift a ban", ADMINS),
    Op("GET /api/v1/sip/trace", "Calls whose SIP messages are kept", ADMINS),
    Op("PUT /api/v1/sip/trace", "Switch the trace", ADMINS, body={"enabled": "bool"}),
    Op(
        "GET /api/v1/sip/trace/{call}",
        "The messages of a call",
        ADMINS,
        query={"format?": "json|pcap", "secrets?": "0|1"},
        gives=("application/json", "application/vnd.tcpdump.pcap"),
    ),
)

OPS = (*SESSION, *CONTACTS, *FOLLOW_UPS, *QUEUES, *HOUSE)
