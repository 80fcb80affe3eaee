"""A trunk that registers with Kamailio by digest, and takes calls that come by that registration."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from telephony.gateway.trunks import Trunk
from telephony.leg import Answered, Ended, Party
from telephony.sip.digest import Account
from telephony.sip.trunk import Health, RegistrationOptions, TrunkOptions, TrunkState
from tests.e2e.baresip import free_port
from tests.interop.kamailio import Daemon
from tests.unit.telephony.gateway.nodes import Ear, node, wait_for

CONFIG = Path(__file__).with_name("registrar.cfg")
HOST = "127.0.0.7"

pytestmark = pytest.mark.skipif(shutil.which("kamailio") is None, reason="Kamailio is not installed")


def registered(trunk: Trunk) -> bool:
    return trunk.registration is not None and trunk.registration.registered


async def test_registration_calls_by_it_probes_and_the_farewell(tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "kamailio.cfg"
    config.write_text(CONFIG.read_text("utf-8").replace("LISTEN", f"udp:{HOST}:{port}"), "utf-8")
    proxy = await Daemon.start(
        "kamailio", "-DD", "-E", "-f", str(config), "-Y", str(tmp_path), "-P", str(tmp_path / "pid"), folder=tmp_path
    )
    try:
        options = TrunkOptions(
            "carrier",
            hosts=(f"sip:{HOST}:{port}",),
            account=Account("acct", "secret"),
            registration=RegistrationOptions((f"sip:{HOST}:{port}",), "acct", 30),
            health=Health(interval=0.2, timeout=0.2, up_after=1),
        )
        async with node(trunks=(options,)) as here, node("127.0.0.2") as phone:
            trunk = here.gateway.trunks["carrier"]
            await wait_for(lambda: registered(trunk), 15)
            leg = phone.gateway.dial(f"sip:acct@{HOST}:{port}", Party("ann"))
            await Ear(leg).until(Answered, 10)
            assert (here.legs[0].info.trunk, here.legs[0].callee.user) == ("carrier", "acct")
            leg.hang_up()
            await wait_for(lambda: not here.gateway.legs)
            await wait_for(lambda: trunk.vitals.state is TrunkState.UP)
        async with node("127.0.0.2") as phone:
            ear = Ear(phone.gateway.dial(f"sip:acct@{HOST}:{port}", Party("ann")))
            assert (await ear.until(Ended, 10)).detail.startswith("404"), "the binding was taken back"
    finally:
        (tmp_path / "kamailio.log").write_text("\n".join(proxy.lines), "utf-8")
        await proxy.stop()
        print("\n".join(proxy.lines[-30:]))
