"""The tables of the migrations m0013 and m0018; tickets are in `ivr.records.schema`."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

from ivr.records.schema import tickets

metadata = MetaData()

threads = Table(
    "threads",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("source", String(64), nullable=False),
    Column("address", String(340), nullable=False),
    Column("customer", String(40), nullable=False),
    Column("name", String(256), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("language", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("queue", String(128), nullable=False),
    Column("needs", JSON, nullable=False),
    Column("agent_id", String(128), nullable=False),
    Column("holder", String(128), nullable=False),
    Column("tags", JSON, nullable=False),
    Column("count", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("reference", Text, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("updated_at", Float(53), nullable=False),
    Column("queued_at", Float(53), nullable=False),
    Column("asked_at", Float(53)),
    Column("replied_at", Float(53)),
    Column("closed_at", Float(53)),
    Column("masked", Integer, nullable=False, server_default="0"),
    Index("threads_by_status", "status", "updated_at"),
    Index("threads_by_change", "updated_at"),
    Index("threads_by_customer", "customer", "created_at"),
    Index("threads_by_address", "address", "updated_at"),
    Index("threads_by_agent", "agent_id", "status"),
)
"""`count` is the number of its messages, `seen` how many of them its agent has read, `rounds` how often it was queued: with it
the place in the queue has a name of its own. `asked_at` is the oldest message of the customer that nobody answered yet,
`replied_at` the first answer of all. `holder` is the node that holds its place, `reference` the Message-IDs of an e-mail. Of
the first `masked` messages private numbers are taken out."""

messages = Table(
    "messages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("thread_id", String(40), ForeignKey("threads.id", ondelete="CASCADE"), nullable=False),
    Column("index", Integer, nullable=False),
    Column("at", Float(53), nullable=False),
    Column("direction", String(8), nullable=False),
    Column("author", String(128), nullable=False),
    Column("text", Text, nullable=False),
    Column("external", String(300), nullable=False),
    Column("by", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Float(53), nullable=False),
    Column("reason", String(300), nullable=False),
    Index("messages_in_order", "thread_id", "index", unique=True),
    Index("messages_told_once", "external", unique=True),
    Index("messages_by_status", "status", "next_at"),
    Index("messages_by_time", "at"),
)
"""`external` is the name that the far end gave, or one of ours: the same message told twice is one row. `by` is the channel
that brings an outgoing one to the customer, "" where a page fetches it."""

files = Table(
    "message_files",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("thread_id", String(40), ForeignKey("threads.id", ondelete="CASCADE"), nullable=False),
    Column("message_id", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("type", String(100), nullable=False),
    Column("size", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("message_files_by_thread", "thread_id"),
    Index("message_files_by_message", "message_id"),
)
"""In the database, and not on the disk of one node: every node shows them, and they go with their conversation."""

addresses = Table(
    "customer_addresses",
    metadata,
    Column("address", String(340), primary_key=True),
    Column("customer", String(40), nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("at", Float(53), nullable=False),
    Index("customer_addresses_by_customer", "customer"),
)
"""Who is reached where: `tel:+86...`, `mailto:...`, `chat:...`. What somebody only said of himself is not `verified`."""

ticket_events = Table(
    "ticket_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("ticket_id", Integer, nullable=False),
    Column("at", Float(53), nullable=False),
    Column("author", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Index("ticket_events_by_ticket", "ticket_id", "id"),
    Index("ticket_events_by_time", "at"),
    sqlite_autoincrement=True,
)

ticket_links = Table(
    "ticket_links",
    metadata,
    Column("ticket_id", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), primary_key=True),
    Column("ref", String(64), primary_key=True),
    Column("at", Float(53), nullable=False),
    Index("ticket_links_by_ref", "kind", "ref"),
)
"""`kind` is `contact`, `thread`, `ticket` or `callback`."""

__all__ = ["addresses", "files", "messages", "metadata", "threads", "ticket_events", "ticket_links", "tickets"]
