"""Settings of who signs in (`accounts`): second factors, how long the audit is kept, providers of OpenID Connect."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ivr.accounts.roles import ROLES, unknown_roles
from ivr.errors import ConfigError

_KEY = re.compile(r"[0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class OpenIdOptions:
    """A provider of OpenID Connect whose people may sign in here."""

    issuer: str
    """`https://login.example.org/realms/house`; below it lies `/.well-known/openid-configuration`."""
    client_id: str
    client_secret: str = ""
    """`env:NAME`; empty for a public client, which proves itself by PKCE alone."""
    zh: str = ""
    en: str = ""
    """What the button says; empty: the name."""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    id_claim: str = "preferred_username"
    """What becomes the name here: an agent's id, where it is one. `email` counts only with `email_verified`."""
    roles_claim: str = ""
    """Where the provider tells groups, with dots between levels: `realm_access.roles`; empty: it tells none."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Group of the provider to a role here. Read anew at each sign-in."""
    everybody: tuple[str, ...] = ()
    """Roles of everybody whom the provider lets in."""
    create: bool = True
    """False: only people whom an administrator made for this provider."""
    sign_out: str = "provider"
    """`provider`: who signs out here is signed out there as well, where it has a place for that; `here`: here alone."""


@dataclass(frozen=True, slots=True)
class AccountsOptions:
    totp_required: tuple[str, ...] = ()
    """Roles that need an authenticator app; who has none yet can do nothing before it is set up."""
    encrypt_key: str = ""
    """Seals the secrets of authenticator apps: 64 hexadecimal digits or base64 of 32 octets, better `env:NAME`. Empty: the key
    of recordings, else the file `accounts.key` of the data folder; several nodes need one that all have."""
    audit_days: float = 400.0
    """Days that the record of changes is kept."""
    oidc: Mapping[str, OpenIdOptions] = field(default_factory=dict)


def check_accounts(options: AccountsOptions, file: str) -> None:
    """Raises ConfigError with the file and the key."""
    _roles(options.totp_required, f"{file}: accounts.totp_required")
    if options.encrypt_key and not _KEY.fullmatch(options.encrypt_key.strip()):
        raise ConfigError(f"{file}: accounts.encrypt_key: it must be 32 octets: `openssl rand -base64 32` makes one")
    if not 1 <= options.audit_days <= 36500:
        raise ConfigError(f"{file}: accounts.audit_days: {options.audit_days:g} is not from 1 to 36500")
    for name, one in options.oidc.items():
        place = f"{file}: accounts.oidc.{name}"
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{place}: the name stands in an address: small letters, digits and -")
        if not _safe(one.issuer):
            raise ConfigError(f"{place}.issuer: '{one.issuer}' must begin with https:// (http:// only on this machine)")
        if not one.client_id:
            raise ConfigError(f"{place}.client_id: it is empty; the provider gave you one when it was told of this server")
        if "openid" not in one.scopes:
            raise ConfigError(f"{place}.scopes: without `openid` the provider does not say who signs in")
        if one.sign_out not in ("provider", "here"):
            raise ConfigError(f"{place}.sign_out: '{one.sign_out}' is neither provider nor here")
        if one.roles and not one.roles_claim:
            raise ConfigError(f"{place}.roles_claim: name the claim in which the groups stand, such as groups")
        _roles(tuple(one.roles.values()), f"{place}.roles")
        _roles(one.everybody, f"{place}.everybody")
        if one.create and not one.roles and not one.everybody:
            raise ConfigError(f"{place}: nobody would get a role; set `roles`, `everybody`, or `create: false`")


def _roles(roles: Sequence[str], place: str) -> None:
    if wrong := unknown_roles(roles):
        raise ConfigError(f"{place}: '{wrong[0]}' is no role; there are {', '.join(ROLES)}")


def _safe(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.query or parts.fragment or parts.username is not None or not host:
        return False
    if parts.scheme == "https" or host == "localhost":
        return parts.scheme in ("https", "http")
    try:
        return parts.scheme == "http" and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
