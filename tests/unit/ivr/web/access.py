"""Who may use which route: a new route gets a line here under its group, or `test_access` fails."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.accounts.roles import ROLES

GROUPS: dict[str, frozenset[str] | None] = {
    "ANYBODY": None,
    "EVERYBODY": frozenset(ROLES),
    "READERS": frozenset({"supervisor", "admin", "quality"}),
    "JUDGED": frozenset({"agent", "senior", "supervisor", "admin", "quality"}),
    "AGENTS": frozenset({"agent", "senior"}),
    "LISTENERS": frozenset({"admin", "quality"}),
    "STAFF": frozenset({"supervisor", "admin"}),
    "ADMINS": frozenset({"admin"}),
    "DESKS": frozenset({"agent", "senior", "supervisor", "admin"}),
}
"""Group to the roles that pass; None: nobody has to be signed in."""

_TABLE = """
# ANYBODY: pages, and what says nothing of anybody; a handover's token and a hook's signature are keys of their own
GET /
GET /account
GET /admin
GET /api/v1/handover/{token}
GET /api/v1/health
POST /api/v1/login
POST /api/v1/logout
GET /api/v1/oidc/{provider}/begin
GET /api/v1/oidc/{provider}/callback
POST /api/v1/oidc/{provider}/backchannel
GET /api/v1/oidc/{provider}/signed-out
POST /api/v1/messages/hooks/{name}
GET /api/v1/openapi.json
GET /api/v1/schemas/handover.json
GET /api/v1/sign-in
GET /assets/{name}
GET /call
GET /api/v1/chat/files/{file_id}
POST /api/v1/chat/files
GET /chat
GET /chat.js
GET /desk
GET /metrics
GET /quality
GET /wall

# EVERYBODY: who is signed in: the own account; at the desk the own contact, which the workbench looks at
GET /api/v1/account
POST /api/v1/account/password
POST /api/v1/account/prove
DELETE /api/v1/account/sessions
GET /api/v1/account/sessions
DELETE /api/v1/account/sessions/{session_id}
GET /api/v1/account/tokens
POST /api/v1/account/tokens
DELETE /api/v1/account/tokens/{token_id}
DELETE /api/v1/account/totp
POST /api/v1/account/totp
PUT /api/v1/account/totp
GET /api/v1/contacts/{contact_id}/playback
GET /api/v1/contacts/{contact_id}/playback/{number:int}
GET /api/v1/desk/book
GET /api/v1/desk/cards
GET /api/v1/desk/cards/{name}
POST /api/v1/desk/contacts/{contact_id}/actions
POST /api/v1/desk/contacts/{contact_id}/actions/{run_id}/again
POST /api/v1/desk/contacts/{contact_id}/frames/{name}
POST /api/v1/desk/contacts/{contact_id}/marks
GET /api/v1/desk/contacts/{contact_id}/past
GET /api/v1/desk/contacts/{contact_id}/past/{other_id}
GET /api/v1/desk/contacts/{contact_id}/turns/{index}/sound
GET /api/v1/desk/contacts/{contact_id}/work
GET /api/v1/me

# READERS: who steers, and who judges the quality
GET /api/v1/contacts
GET /api/v1/contacts/{contact_id}
GET /api/v1/desk/worth
GET /api/v1/transcripts/search

GET /api/v1/quality/agents
GET /api/v1/quality/appeals
GET /api/v1/quality/calibrations
POST /api/v1/quality/calibrations
GET /api/v1/quality/calibrations/{id}
POST /api/v1/quality/calibrations/{id}/close
POST /api/v1/quality/calibrations/{id}/join
POST /api/v1/quality/coaching
DELETE /api/v1/quality/coaching/{id}
GET /api/v1/quality/contacts
GET /api/v1/quality/contacts/{contact_id}
GET /api/v1/quality/people
POST /api/v1/quality/reviews
DELETE /api/v1/quality/reviews/{id}
PATCH /api/v1/quality/reviews/{id}
POST /api/v1/quality/reviews/{id}/decide
POST /api/v1/quality/reviews/{id}/publish
GET /api/v1/quality/work
POST /api/v1/quality/work/{contact_id}/release
POST /api/v1/quality/work/{contact_id}/skip
POST /api/v1/quality/work/{contact_id}/take

# JUDGED: they, and agents of what is theirs
GET /api/v1/quality/cards
GET /api/v1/quality/coaching
POST /api/v1/quality/coaching/{id}/acknowledge
GET /api/v1/quality/questions
GET /api/v1/quality/reviews
GET /api/v1/quality/reviews/{id}
POST /api/v1/quality/reviews/{id}/acknowledge
POST /api/v1/quality/reviews/{id}/appeal
GET /api/v1/quality/trend

# AGENTS: of themselves
GET /api/v1/quality/mine
GET /api/v1/quality/mine/count

# LISTENERS: who may listen to recordings
GET /api/v1/contacts/{contact_id}/recordings/{number:int}

# STAFF: supervisors and administrators
GET /api/v1/admin/changes
POST /api/v1/admin/check
GET /api/v1/admin/configuration
GET /api/v1/admin/configuration/{part}
POST /api/v1/admin/diagram
GET /api/v1/admin/flows
GET /api/v1/admin/flows/{flow}
GET /api/v1/admin/flows/{flow}/counts
GET /api/v1/admin/flows/{flow}/diff
POST /api/v1/admin/flows/{flow}/test/run
GET /api/v1/admin/flows/{flow}/versions
GET /api/v1/admin/flows/{flow}/versions/{number:int}
POST /api/v1/admin/format
GET /api/v1/admin/names
GET /api/v1/admin/nodes
GET /api/v1/admin/prompts
POST /api/v1/admin/prompts/preview
GET /api/v1/admin/prompts/{language}/{name:path}
GET /api/v1/admin/prompts/{language}/{name:path}/audio
GET /api/v1/admin/schema
GET /api/v1/admin/session
POST /api/v1/admin/simulations
DELETE /api/v1/admin/simulations/{id}
POST /api/v1/admin/simulations/{id}
GET /api/v1/agents
GET /api/v1/agents/{agent_id}/breaks
POST /api/v1/agents/{agent_id}/breaks
DELETE /api/v1/agents/{agent_id}/breaks/{plan_id}
GET /api/v1/agents/{agent_id}/explain
DELETE /api/v1/agents/{agent_id}/skills
POST /api/v1/agents/{agent_id}/skills
POST /api/v1/agents/{agent_id}/state
GET /api/v1/agents/{agent_id}/states
POST /api/v1/broadcasts
GET /api/v1/callbacks
POST /api/v1/callbacks
GET /api/v1/callbacks/{id}
PATCH /api/v1/callbacks/{id}
POST /api/v1/callbacks/{id}/cancel
POST /api/v1/callbacks/{id}/close
POST /api/v1/callbacks/{id}/dial
POST /api/v1/callbacks/{id}/reschedule
GET /api/v1/contacts/{contact_id}/explain
GET /api/v1/contacts/{contact_id}/handover
POST /api/v1/contacts/{contact_id}/move
GET /api/v1/contacts/{contact_id}/vcon
GET /api/v1/notifications
GET /api/v1/notifications/{id}
POST /api/v1/notifications/{id}/retry
GET /api/v1/orders
GET /api/v1/outbound
GET /api/v1/parked
GET /api/v1/queues
DELETE /api/v1/queues/{queue}/drain
POST /api/v1/queues/{queue}/drain
GET /api/v1/sources
GET /api/v1/sources/{name}
GET /api/v1/surveys
GET /api/v1/surveys/scores
GET /api/v1/surveys/{id}
GET /api/v1/tickets
GET /api/v1/tickets/{id}
PATCH /api/v1/tickets/{id}
GET /api/v1/voicemails
GET /api/v1/voicemails/{id}
PATCH /api/v1/voicemails/{id}
GET /api/v1/voicemails/{id}/audio
GET /api/v1/wall
GET /api/v1/wall/alerts
POST /api/v1/wall/alerts/{alert_id}/acknowledge
POST /api/v1/wall/alerts/{alert_id}/owner
GET /api/v1/wall/formulas
GET /api/v1/wall/history

# ADMINS: administrators alone
GET /api/v1/admin/audit
PUT /api/v1/admin/configuration/{part}
POST /api/v1/admin/flows
DELETE /api/v1/admin/flows/{flow}
DELETE /api/v1/admin/flows/{flow}/draft
PUT /api/v1/admin/flows/{flow}/draft
POST /api/v1/admin/flows/{flow}/publish
POST /api/v1/admin/flows/{flow}/rollback
POST /api/v1/admin/flows/{flow}/rollout
DELETE /api/v1/admin/flows/{flow}/schedule/{number:int}
PUT /api/v1/admin/flows/{flow}/test
DELETE /api/v1/admin/prompts/{language}/{name:path}/audio
PUT /api/v1/admin/prompts/{language}/{name:path}/audio
POST /api/v1/admin/prompts/{language}/{name:path}/render
PUT /api/v1/admin/prompts/{language}/{name:path}/text
POST /api/v1/admin/prompts/{language}/{name:path}/undo
POST /api/v1/admin/publish
GET /api/v1/audit
DELETE /api/v1/outbound/blocked/{subject}
PUT /api/v1/outbound/blocked/{subject}
GET /api/v1/people
POST /api/v1/people
DELETE /api/v1/people/{person_id}
PATCH /api/v1/people/{person_id}
POST /api/v1/people/{person_id}/reset
DELETE /api/v1/people/{person_id}/sessions
DELETE /api/v1/people/{person_id}/totp
POST /api/v1/people/{person_id}/unlock
GET /api/v1/sip/bans
POST /api/v1/sip/bans
DELETE /api/v1/sip/bans/{source:path}
GET /api/v1/sip/trace
PUT /api/v1/sip/trace
GET /api/v1/sip/trace/{call:path}
GET /api/v1/tokens
DELETE /api/v1/tokens/{token_id}
DELETE /api/v1/voicemails/{id}
GET /api/v1/webhooks
GET /api/v1/webhooks/deliveries
POST /api/v1/webhooks/deliveries/{number}/retry
POST /api/v1/webhooks/{name}/ping
POST /api/v1/webhooks/{name}/replay
POST /api/v1/webhooks/{name}/revive

# DESKS: who answers customers
DELETE /api/v1/customers/{customer}/addresses
POST /api/v1/customers/{customer}/addresses
GET /api/v1/inbox
GET /api/v1/inbox/tickets
POST /api/v1/inbox/tickets
GET /api/v1/inbox/tickets/{number}
PATCH /api/v1/inbox/tickets/{number}
POST /api/v1/inbox/tickets/{number}/accept
POST /api/v1/inbox/tickets/{number}/call
POST /api/v1/inbox/tickets/{number}/comments
POST /api/v1/inbox/tickets/{number}/decline
POST /api/v1/inbox/tickets/{number}/links
GET /api/v1/threads
GET /api/v1/threads/{thread_id}
PATCH /api/v1/threads/{thread_id}
POST /api/v1/threads/{thread_id}/accept
POST /api/v1/threads/{thread_id}/aside
POST /api/v1/threads/{thread_id}/close
POST /api/v1/threads/{thread_id}/decline
POST /api/v1/threads/{thread_id}/files
GET /api/v1/threads/{thread_id}/files/{file_id}
POST /api/v1/threads/{thread_id}/give
POST /api/v1/threads/{thread_id}/messages
POST /api/v1/threads/{thread_id}/notes
POST /api/v1/threads/{thread_id}/retry
POST /api/v1/threads/{thread_id}/seen
POST /api/v1/threads/{thread_id}/take
POST /api/v1/threads/{thread_id}/typing
GET /api/v1/timeline

"""


def table() -> Iterator[tuple[str, frozenset[str] | None]]:
    """`METHOD path` as it is declared, and who passes."""
    roles: frozenset[str] | None = None
    for line in _TABLE.splitlines():
        if line.startswith("# "):
            roles = GROUPS[line[2:].partition(":")[0]]
        elif line:
            yield line, roles
