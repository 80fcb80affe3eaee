"""The tables of `ivr/records/migrations/versions/m0011_accounts.py`. Times are seconds since the Unix epoch (UTC)."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

people = Table(
    "people",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("folded", String(64), nullable=False, unique=True),
    Column("name", String(128), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("password", String(200), nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("provider", String(64), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("created_by", String(128), nullable=False),
    Column("updated_at", Float(53), nullable=False),
    Column("password_at", Float(53), nullable=False),
    Column("signed_in_at", Float(53), nullable=False),
    Index("people_by_subject", "provider", "subject"),
)
"""`folded` is the id without capitals, so that nobody is taken for `Wang` beside `wang`. `password` is an argon2 hash, "" where
a provider of OpenID Connect says who somebody is; `subject` is the provider's own name of the person, "" until the first
sign-in."""

factors = Table(
    "second_factors",
    metadata,
    Column("account_id", String(128), primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("recovery", JSON, nullable=False),
    Column("created_at", Float(53), nullable=False),
)
"""`secret` is sealed where there is a key (`ivr.accounts.sealing`); `recovery` are hashes of codes that were not used yet."""

tokens = Table(
    "api_tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("owner", String(128), nullable=False),
    Column("name", String(80), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("expires_at", Float(53)),
    Column("used_at", Float(53)),
    Column("used_from", String(64), nullable=False),
    Index("api_tokens_by_owner", "owner", "created_at"),
)
"""`digest` is SHA-256 of the token: a copy of the database opens nothing."""

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float(53), nullable=False),
    Column("by", String(128), nullable=False),
    Column("address", String(64), nullable=False),
    Column("what", String(500), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("note", Text, nullable=False),
    Index("audit_by_time", "at"),
    Index("audit_by_person", "by", "at"),
    sqlite_autoincrement=True,
)
