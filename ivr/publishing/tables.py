"""The tables of `ivr/records/migrations/versions/m0004_flow_versions.py`: texts, versions, what is live, drafts, files."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

house = Table("flow_house", metadata, Column("id", Integer, primary_key=True), Column("serial", Integer, nullable=False))
"""One row with the number of the last change. Whoever changes anything writes it first: so one change waits for the other."""

changes = Table(
    "flow_changes",
    metadata,
    Column("serial", Integer, primary_key=True, autoincrement=False),
    Column("at", Float(53), nullable=False),
    Column("author", String(128), nullable=False),
    Column("note", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("what", JSON, nullable=False),
)
"""What was done to the house, in order; `what` is `{"flows": {flow: number}, "percent": ...}`."""

texts = Table(
    "flow_texts",
    metadata,
    Column("flow", String(64), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)
"""Every text that was ever published, once; `version` is its hash."""

joined = Table(
    "flow_joined",
    metadata,
    Column("flow", String(64), primary_key=True),
    Column("pinned", String(64), primary_key=True),
    Column("version", String(64), nullable=False),
    Column("parts", JSON, nullable=False),
)
"""Versions of flows that call others: `pinned`, which calls keep, stands for the own `version` and for `parts`, sub-flow to
version."""

versions = Table(
    "flow_versions",
    metadata,
    Column("flow", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", String(64), nullable=False),
    Column("serial", Integer, nullable=False),
    Column("author", String(128), nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Float(53), nullable=False),
    Column("action", String(32), nullable=False),
    Column("added", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("percent", Float(53), nullable=False),
    Column("from_at", Float(53)),
    Column("until_at", Float(53)),
    Column("fate", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Index("flow_versions_by_fate", "fate", "from_at"),
    Index("flow_versions_by_serial", "serial"),
)
"""Every publish. `fate` is "" for what was live at once or is now, else `scheduled`, `cancelled` or `refused`."""

live = Table(
    "flow_live",
    metadata,
    Column("flow", String(64), primary_key=True),
    Column("version", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("candidate", String(64), nullable=False),
    Column("candidate_number", Integer, nullable=False),
    Column("percent", Float(53), nullable=False),
    Column("salt", String(32), nullable=False),
    Column("until_at", Float(53)),
    Column("back", String(64), nullable=False),
)
"""What new calls begin with. `version` is "" for a flow that is retired, `candidate` "" without a roll-out, `salt` the
same for flows that are rolled out together; `serial` is that of the last change; `back` is live again after `until_at`."""

drafts = Table(
    "flow_drafts",
    metadata,
    Column("flow", String(64), primary_key=True),
    Column("text", Text, nullable=False),
    Column("stamp", String(64), nullable=False),
    Column("base", String(64), nullable=False),
    Column("author", String(128), nullable=False),
    Column("at", Float(53), nullable=False),
)

files = Table(
    "flow_files",
    metadata,
    Column("place", String(512), primary_key=True),
    Column("flow", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("serial", Integer, nullable=False),
)
"""What a file held when a node last looked, and the change that it stands for: tells a changed file from one left behind.
`place` is `HOST:PATH`."""
