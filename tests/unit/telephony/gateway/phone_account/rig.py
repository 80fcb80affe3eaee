"""A phone account at a PBX that is our own gateway: registrar with digest, extension 4000, and numbers that answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from telephony.gateway.phone_account.account import PhoneAccount
from telephony.gateway.phone_account.leg import PhoneLeg
from telephony.gateway.phone_account.options import PhoneAccountSettings
from telephony.sip.digest import Account
from tests.unit.telephony.gateway.test_sip import HOST, Ear, Node, running

USER, PASSWORD = "4000", "pass-of-4000"


class Extension:
    """The account, and the legs that came in."""

    def __init__(self, account: PhoneAccount, pbx: Node) -> None:
        self.account, self.pbx = account, pbx
        self.legs: list[PhoneLeg] = []
        self.ears: list[Ear] = []


@asynccontextmanager
async def extension(password: str = PASSWORD, wait: bool = True, **settings: Any) -> AsyncIterator[Extension]:
    """A registered account; it answers what comes in."""
    known = Account(USER, PASSWORD)
    async with running(credentials=lambda user: known if user == USER else None) as pbx:
        port = next(one.port for one in pbx.gateway.listeners if one.transport == "udp")
        values = {"rtp_low": 30000, "rtp_high": 39999, **settings}
        found: Extension

        def take(leg: PhoneLeg) -> None:
            found.legs.append(leg)
            found.ears.append(Ear(leg))

        account = PhoneAccount(
            PhoneAccountSettings(name="pbx", server=HOST, port=port, user=USER, password=password, **values), pbx.ticker, take
        )
        found = Extension(account, pbx)
        await account.start()
        try:
            if wait:
                await account.until_registered(20)
            yield found
        finally:
            await account.close()
