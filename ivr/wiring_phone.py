"""From settings to phone accounts: started with the node, dialled by their names, told in the metrics."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from ivr.settings import Settings, parse_ports
from ivr.settings_phone import PhoneAccountOptions, server_of
from telephony.gateway.phone_account.account import PhoneAccount
from telephony.gateway.phone_account.dialing import PhoneDialing
from telephony.gateway.phone_account.options import PhoneAccountSettings
from telephony.gateway.toll_guard import TollGuard
from telephony.leg import CallLeg, Dialer
from telephony.net.ticker import Ticker


@dataclass(frozen=True, slots=True)
class PhoneAccounts:
    """The extensions that this node holds, by name."""

    accounts: dict[str, PhoneAccount]

    def dialer(self, otherwise: Dialer, guard: TollGuard | None) -> Dialer:
        """`otherwise`, with the names of the accounts as hosts."""
        return PhoneDialing(self.accounts, otherwise, guard) if self.accounts else otherwise

    def metrics(self) -> str:
        """Prometheus text, "" without accounts."""
        if not self.accounts:
            return ""
        values: tuple[tuple[str, str, Callable[[PhoneAccount], int]], ...] = (
            ("registered", "gauge", lambda account: int(account.registered)),
            ("calls", "gauge", lambda account: len(account.legs)),
            ("restarts_total", "counter", lambda account: account.restarts),
        )
        lines = []
        for name, kind, value in values:
            lines.append(f"# TYPE hotline_phone_account_{name} {kind}")
            for account, found in self.accounts.items():
                lines.append(f'hotline_phone_account_{name}{{account="{account}"}} {value(found)}')
        return "\n".join(lines) + "\n"


async def phone_accounts(
    settings: Settings, ticker: Ticker, take: Callable[[CallLeg], None], stack: AsyncExitStack, held: bool
) -> PhoneAccounts:
    """Begin to register; `stack` ends it. Of several worker processes only one has them `held`: a PBX wants one phone."""
    ports = parse_ports(settings.sip.rtp_ports, "sip.rtp_ports")
    found = {
        name: PhoneAccount(account_settings(name, one, ports), ticker, take) for name, one in settings.phone_accounts.items()
    }
    for account in found.values():
        if held:
            stack.push_async_callback(account.close)
            await account.start()
        else:
            account.detail = "another worker holds it"
    return PhoneAccounts(found)


def account_settings(name: str, options: PhoneAccountOptions, ports: tuple[int, int]) -> PhoneAccountSettings:
    """Options that `check_phone_accounts` let pass."""
    server, port = server_of(options.server, f"phone_accounts.{name}.server")
    return PhoneAccountSettings(
        name=name,
        server=server,
        port=port,
        user=options.user,
        password=options.password,
        auth_user=options.auth_user,
        display=options.display,
        host=options.host,
        number=options.number,
        max_calls=options.calls,
        rtp_low=ports[0],
        rtp_high=ports[1],
        media_timeout=options.media_timeout,
        memory=options.memory_mb * 2**20,
    )
