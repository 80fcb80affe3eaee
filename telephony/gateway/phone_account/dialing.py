"""Calls out over phone accounts: `sip:NUMBER@NAME` with the name of an account; every other target goes its own way.

To the toll guard an account is a host of that name: a rule with `hosts: [NAME]` allows it, and without one no call is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from telephony.errors import PeerFault
from telephony.gateway.phone_account.account import PhoneAccount
from telephony.gateway.phone_account.leg import PhoneLeg
from telephony.gateway.toll_guard import TollGuard
from telephony.leg import Answered, CallLeg, Dialer, DialOptions, EndCause, Ended, LegEvent, LegState, Party
from telephony.sip.grammar import Uri
from telephony.sip.outbound import Destination


class PhoneDialing:
    """A `telephony.leg.Dialer` in front of another."""

    def __init__(self, accounts: Mapping[str, PhoneAccount], otherwise: Dialer, guard: TollGuard | None) -> None:
        """Without a guard every number may be called: for programs that are their own judge."""
        self._accounts = {name.lower(): account for name, account in accounts.items()}
        self._otherwise = otherwise
        self._guard = guard
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, target: str, caller: Party, /, *, options: DialOptions | None = None) -> CallLeg:
        uri = _uri(target)
        account = self._accounts.get(uri.host) if uri is not None else None
        if uri is None or account is None:
            return self._otherwise(target, caller, options=options)
        options = options or DialOptions()
        destination = Destination(uri=f"sip:{uri.user}@{uri.host}", host=uri.host)
        guard = self._guard

        async def admit(leg: PhoneLeg) -> None:
            if guard is not None:
                await self._admit(leg, guard, options.payer, destination)

        return account.dial(uri.user, caller, admit=admit, ring_timeout=options.ring_timeout)

    async def _admit(self, leg: PhoneLeg, guard: TollGuard, payer: str, destination: Destination) -> None:
        """Ask the guard, and let it hear how the call goes on. Raises Refused."""
        permit = await guard.admit(leg.id, payer, destination)

        def hear(event: LegEvent) -> None:
            if isinstance(event, Answered):
                self._spawn(guard.answered(permit, lambda: leg.hang_up(EndCause.RELEASED)))
            elif isinstance(event, Ended):
                guard.ended(permit)

        if leg.state is LegState.ENDED:
            guard.ended(permit)
        leg.observer = hear

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _uri(target: str) -> Uri | None:
    """A SIP URI, None for any other target."""
    if not target.strip().lower().startswith(("sip:", "sips:")) and "@" not in target:
        return None
    text = target.strip()
    try:
        return Uri.parse(text if text.lower().startswith(("sip:", "sips:")) else f"sip:{text}")
    except PeerFault:
        return None
