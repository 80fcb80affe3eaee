"""PJSIP (pjsua2) as an independent telephone, run as a program of its own.

    python -m tests.interop.pjsip_phone '{"user": "6002", "voice": "tone.wav", "heard": "heard.wav", ...}'

Reads one command a line and writes one JSON object a line. The call in hand is the last one that came or was made; `call N`
takes another. Keys of the first argument: user, password, registrar (URI), transport (udp, tcp), port, voice, heard, srtp,
prack and timer (true: required), refer (true: follow a REFER).
"""

from __future__ import annotations

import json
import os
import select
import sys
from typing import Any

import pjsua2 as pj

TICK_MS = 10


def tell(event: str, **more: Any) -> None:
    print(json.dumps({"event": event, **more}), flush=True)


class Call(pj.Call):  # type: ignore[misc]
    def __init__(self, phone: Phone, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(phone.account, call_id)
        self.phone = phone
        self.player: pj.AudioMediaPlayer | None = None
        self.recorder: pj.AudioMediaRecorder | None = None
        phone.calls.append(self)

    def onCallState(self, prm: Any) -> None:
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_EARLY:
            tell("ringing", status=info.lastStatusCode)
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            tell("up")
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.player = self.recorder = None
            tell("ended", status=info.lastStatusCode, reason=info.lastReason)

    def onCallMediaState(self, prm: Any) -> None:
        info = self.getInfo()
        for index, media in enumerate(info.media):
            if media.type != pj.PJMEDIA_TYPE_AUDIO:
                continue
            if media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self._connect(self.getAudioMedia(index))
                tell("media", state="active")
            elif media.status in (pj.PJSUA_CALL_MEDIA_LOCAL_HOLD, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD):
                tell("media", state="held")

    def _connect(self, audio: Any) -> None:
        settings = self.phone.settings
        if self.player is None:
            self.player = pj.AudioMediaPlayer()
            self.player.createPlayer(settings["voice"])
            self.recorder = pj.AudioMediaRecorder()
            self.recorder.createRecorder(self.phone.recording())
        assert self.recorder is not None
        self.player.startTransmit(audio)
        audio.startTransmit(self.recorder)

    def onDtmfDigit(self, prm: Any) -> None:
        tell("digit", digit=prm.digit)

    def onCallTransferRequest(self, prm: Any) -> None:
        tell("refer", to=prm.dstUri)
        if not self.phone.settings.get("refer"):
            prm.statusCode = 603
            return
        prm.newCall = Call(self.phone)

    def onCallTransferStatus(self, prm: Any) -> None:
        tell("notify", status=prm.statusCode, final=bool(prm.finalNotify))


class Account(pj.Account):  # type: ignore[misc]
    phone: Phone

    def onRegState(self, prm: Any) -> None:
        tell("registered" if prm.code == 200 and prm.expiration else "unregistered", status=prm.code)

    def onIncomingCall(self, prm: Any) -> None:
        call = Call(self.phone, prm.callId)
        tell("incoming", caller=call.getInfo().remoteUri)
        answer = pj.CallOpParam()
        answer.statusCode = 200
        call.answer(answer)


class Phone:
    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.calls: list[Call] = []
        self._recordings = 0
        self.endpoint = pj.Endpoint()
        self.endpoint.libCreate()
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.logConfig.level = config.logConfig.consoleLevel = int(settings.get("log", 1))
        config.medConfig.noVad = True
        config.medConfig.ecTailLen = 0
        self.endpoint.libInit(config)
        transport = pj.TransportConfig()
        transport.port = settings["port"]
        transport.boundAddress = transport.publicAddress = "127.0.0.1"
        tcp = settings.get("transport") == "tcp"
        self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_TCP if tcp else pj.PJSIP_TRANSPORT_UDP, transport)
        self.endpoint.libStart()
        self.endpoint.audDevManager().setNullDev()
        for codec in self.endpoint.codecEnum2():
            name = codec.codecId.split("/")[0]
            wanted = settings.get("codecs", ["PCMU"])
            self.endpoint.codecSetPriority(codec.codecId, 200 - wanted.index(name) if name in wanted else 0)
        self.account = Account()
        self.account.phone = self
        self.account.create(self._account())

    def _account(self) -> Any:
        settings = self.settings
        account = pj.AccountConfig()
        registrar = settings.get("registrar", "")
        host = registrar.removeprefix("sip:") if registrar else f"127.0.0.1:{settings['port']}"
        account.idUri = f"sip:{settings['user']}@{host.partition(';')[0]}"
        account.regConfig.registrarUri = registrar
        account.regConfig.timeoutSec = 120
        if settings.get("password"):
            account.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", settings["user"], 0, settings["password"]))
        media = account.mediaConfig
        media.transportConfig.boundAddress = media.transportConfig.publicAddress = "127.0.0.1"
        media.transportConfig.port = settings.get("rtp", 0)
        if settings.get("srtp"):
            media.srtpUse = pj.PJMEDIA_SRTP_MANDATORY
            media.srtpSecureSignaling = 0
        if settings.get("prack"):
            account.callConfig.prackUse = pj.PJSUA_100REL_MANDATORY
        if settings.get("timer"):
            account.callConfig.timerUse = pj.PJSUA_SIP_TIMER_REQUIRED
            account.callConfig.timerSessExpiresSec = account.callConfig.timerMinSESec = 90
        account.natConfig.contactRewriteUse = account.natConfig.viaRewriteUse = account.natConfig.sdpNatRewriteUse = 0
        return account

    def recording(self) -> str:
        self._recordings += 1
        return str(self.settings["heard"]).replace(".wav", f"-{self._recordings}.wav")

    def obey(self, words: list[str]) -> bool:
        """False for the order to end."""
        call = self.calls[-1] if self.calls else None
        match words:
            case ["dial", uri]:
                Call(self).makeCall(uri, pj.CallOpParam(True))
            case ["call", number]:
                self.calls.append(self.calls.pop(int(number)))
            case ["press", digits] if call is not None:
                call.dialDtmf(digits)
            case ["hold"] if call is not None:
                call.setHold(pj.CallOpParam(True))
            case ["resume"] if call is not None:
                again = pj.CallOpParam(True)
                again.opt.flag = pj.PJSUA_CALL_UNHOLD
                call.reinvite(again)
            case ["update"] if call is not None:
                call.update(pj.CallOpParam(True))
            case ["transfer", uri] if call is not None:
                call.xfer(uri, pj.CallOpParam())
            case ["transfer-to", number] if call is not None:
                call.xferReplaces(self.calls[int(number)], pj.CallOpParam())
            case ["stats"] if call is not None:
                info = call.getMedTransportInfo(0)
                stats = call.getStreamInfo(0)
                tell("stats", codec=stats.codecName, peer=info.srcRtpName)
            case ["hangup"] if call is not None:
                call.hangup(pj.CallOpParam())
            case _:
                return False
        return True


def main() -> None:
    phone = Phone(json.loads(sys.argv[1]))
    tell("ready")
    waiting = b""
    while True:
        phone.endpoint.libHandleEvents(TICK_MS)
        if not select.select([sys.stdin], [], [], 0)[0]:
            continue
        data = os.read(sys.stdin.fileno(), 4096)
        *lines, waiting = (waiting + data).split(b"\n")
        if not data or not all(phone.obey(line.decode().split()) for line in lines):
            break
    phone.endpoint.hangupAllCalls()
    phone.endpoint.libHandleEvents(100)
    sys.stdout.flush()
    os._exit(0)  # its own tear-down in the order of Python's garbage asserts


if __name__ == "__main__":
    main()
