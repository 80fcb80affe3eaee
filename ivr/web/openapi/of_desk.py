"""What stands beside a conversation, messages and tickets of the inbox. Pure."""

from __future__ import annotations

from ivr.web.openapi.operation import ANYBODY, EVERYBODY, STAFF, Op
from ivr.web.openapi.shapes import Shape

_CONTACT = "/api/v1/desk/contacts/{contact_id}"
BENCH = (
    Op("GET /api/v1/desk/book", "Scenes, procedures, actions, offers, frames, and titles of cards", EVERYBODY, fails=(304,)),
    Op(
        "GET /api/v1/desk/cards",
        "Knowledge cards, the best first; without a query the most used",
        EVERYBODY,
        query={"q?": "text 200", "tag?": "text", "limit?": "int 1..999"},
        answer={"cards": ["object"]},
    ),
    Op("GET /api/v1/desk/cards/{name}", "One card", EVERYBODY),
    Op(
        "GET /api/v1/desk/worth",
        "What agents made of cards and hints",
        ("supervisor", "admin", "quality"),
        answer={"cards": ["object"], "hints": ["object"]},
        more="For each name in how many contacts it was `opened`, found `useful` and found `useless`.",
    ),
    Op(f"GET {_CONTACT}/work", "What was ticked and done during a contact", EVERYBODY),
    Op(f"GET {_CONTACT}/past", "What there was with this customer before", EVERYBODY, answer={"past": ["object"]}),
    Op(f"GET {_CONTACT}/past/{{other_id}}", "An earlier contact of the same customer", EVERYBODY),
    Op(f"GET {_CONTACT}/turns/{{index}}/sound", "The seconds in which a turn was said", EVERYBODY, gives=("audio/wav",)),
    Op(
        f"POST {_CONTACT}/marks",
        "Tick a step or a line, say what became of an offer or a card",
        EVERYBODY,
        body={"kind": "step|line|offer|card|hint", "name": "text 160", "value": "text 160"},
    ),
    Op(
        f"POST {_CONTACT}/actions",
        "Have something done by another system",
        EVERYBODY,
        body={"id": "text 64", "action": "text 160", "fields?": "object"},
        status=202,
        more="`id` is the caller's own, 8 to 64 letters and digits: the same again is the same action.",
    ),
    Op(f"POST {_CONTACT}/actions/{{run_id}}/again", "Try an action that failed once more", EVERYBODY, status=202),
    Op(f"POST {_CONTACT}/frames/{{name}}", "Address of another system's page for this contact", EVERYBODY),
)

_THREAD = "/api/v1/threads/{thread_id}"
_KEY = "text 64"
_ACTIONS: dict[str, tuple[str, Shape]] = {
    "messages": ("Answer; the same `key` again sends nothing twice", {"text": "text 10000", "key?": _KEY}),
    "notes": ("Leave a note for colleagues", {"text": "text 10000", "key?": _KEY}),
    "accept": ("Take what is offered", {}),
    "decline": ("Do not take what is offered", {}),
    "take": ("Take a conversation that nobody has", {}),
    "give": ("Give it to `queue:NAME` or `agent:ID`", {"to?": "text 140"}),
    "aside": ("Put it aside until the customer writes", {}),
    "close": ("Close it", {}),
    "typing": ("The agent types", {}),
    "seen": ("So many messages were read", {"count": "int 0..999999"}),
    "retry": ("Send an answer that was given up once more", {"index": "int 0..999999"}),
}
_TICKET = "/api/v1/inbox/tickets/{number}"
_FIELDS = {
    "status?": "open|pending|solved|closed",
    "priority?": "low|normal|high|urgent",
    "assignee?": "text 128",
    "queue?": "text 64",
    "subject?": "text 300",
    "kind?": "text 64",
    "note?": "text 4000",
    "due_at?": "time?",
    "tags?": ["text 40"],
}
INBOX = (
    Op("GET /api/v1/inbox", "What the inbox of an agent begins with", STAFF),
    Op(
        "GET /api/v1/threads",
        "Conversations in writing, the latest first",
        STAFF,
        query={"status?": "text", "limit?": "int 1..", "before?": "number 0.."},
        answer={"threads": ["object"]},
    ),
    Op(f"GET {_THREAD}", "One with its messages", STAFF, query={"before?": "int 0.."}),
    Op(f"PATCH {_THREAD}", "Change its tags or subject", STAFF, body={"tags?": ["text 40"], "subject?": "text 300"}),
    *(Op(f"POST {_THREAD}/{name}", words, STAFF, body=body) for name, (words, body) in _ACTIONS.items()),
    Op(
        f"POST {_THREAD}/files",
        "Send the customer a file",
        STAFF,
        query={"name": "text 300", "key?": "text 64"},
        body="any",
        takes="application/octet-stream",
        status=201,
    ),
    Op(f"GET {_THREAD}/files/{{file_id}}", "A file of a message", STAFF, gives=("application/octet-stream",)),
    Op(
        "POST /api/v1/chat/files",
        "A file of a visitor who chats",
        ANYBODY,
        query={"name": "text 300", "key?": "text 64"},
        body="any",
        takes="application/octet-stream",
        status=201,
        answer={"index": "int 0.."},
        more="`authorization: Bearer TOKEN`, the token of the chat's socket.",
        fails=(401,),
    ),
    Op(
        "GET /api/v1/chat/files/{file_id}",
        "A file of a visitor's conversation",
        ANYBODY,
        gives=("application/octet-stream",),
        more="`authorization: Bearer TOKEN`, the token of the chat's socket.",
        fails=(401,),
    ),
    Op(
        "GET /api/v1/timeline",
        "Everything there was with one customer, on any channel",
        STAFF,
        query={
            "customer?": "text 40",
            "thread?": "text",
            "ticket?": "text",
            "address?": "text 340",
            "before?": "number 0..",
            "limit?": "int 1..",
        },
    ),
    Op(
        "POST /api/v1/customers/{customer}/addresses",
        "The customer is reached there too",
        STAFF,
        body={"address": "text 340"},
        answer={"addresses": ["any"]},
    ),
    Op(
        "DELETE /api/v1/customers/{customer}/addresses",
        "An address is not this customer's",
        STAFF,
        body={"address": "text 340"},
        answer={"addresses": ["any"]},
    ),
    Op(
        "POST /api/v1/messages/hooks/{name}",
        "Messages of customers, by a signed webhook",
        ANYBODY,
        body="object",
        status=202,
        answer={"threads": ["text"]},
        more="Signed with `hotline-timestamp` and `hotline-signature`: docs/messages.md.",
    ),
    Op(
        "GET /api/v1/inbox/tickets",
        "Tickets, those due next first",
        STAFF,
        query={"view?": "mine|open|unassigned|late|all", "limit?": "int 1.."},
        answer={"tickets": ["object"]},
    ),
    Op(
        "POST /api/v1/inbox/tickets",
        "Open a ticket",
        STAFF,
        body={
            "subject": "text 300",
            "body?": "text 10000",
            "kind?": "text 64",
            "priority?": "low|normal|high|urgent",
            "queue?": "text 64",
            "tags?": ["text 40"],
            "assignee?": "text 128",
            "key?": _KEY,
            "thread?": "text 40",
            "contact?": "text 64",
            "number?": "text 40",
            "name?": "text 200",
        },
        status=201,
    ),
    Op(f"GET {_TICKET}", "One with its story", STAFF),
    Op(f"PATCH {_TICKET}", "Change a ticket; the clock follows the status", STAFF, body=_FIELDS),
    Op(f"POST {_TICKET}/accept", "Take a ticket that is offered", STAFF, body={}),
    Op(f"POST {_TICKET}/decline", "Leave it to somebody else", STAFF, body={}),
    Op(f"POST {_TICKET}/comments", "A comment for colleagues", STAFF, body={"text": "text 10000"}, status=201),
    Op(
        f"POST {_TICKET}/links",
        "Link it to a contact, a conversation, a ticket or a callback",
        STAFF,
        body={"kind": "contact|thread|ticket|callback", "ref": "text 64"},
        status=201,
    ),
    Op(
        f"POST {_TICKET}/call",
        "Call the customer of a ticket",
        STAFF,
        body={"how?": "now|callback", "number?": "text 40", "queue?": "text 64"},
    ),
)

OPS = (*BENCH, *INBOX)
