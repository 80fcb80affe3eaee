"""The child of a phone account: `python -m telephony.gateway.phone_account.child FD`, FD a stream to the parent.

One loop between the wire, pyVoIP and the parent; pyVoIP runs in threads of its own. The loop beats each `BEAT` seconds; where
pyVoIP stands still for longer than `STUCK`, or the parent is gone, the process ends, and the parent starts another.
"""

from __future__ import annotations

import os
import queue
import resource
import secrets
import selectors
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from telephony.gateway.phone_account.interpreter import Interpreter
from telephony.gateway.phone_account.notes import (
    MAX_LINE,
    Answer,
    Beat,
    Dial,
    Line,
    Offered,
    Over,
    RegistrationChanged,
    Release,
    Ring,
    Setup,
    Stop,
    Take,
    decode,
    encode,
)
from telephony.gateway.phone_account.phone import Line as PhoneLine
from telephony.gateway.phone_account.phone import Phone
from telephony.sip.digest import Account
from telephony.sip.flow import Flow

BEAT = 0.5
STUCK = 15.0
"""Seconds after which a piece of work of pyVoIP's counts as never ending."""
ARRIVAL = 3.0
"""Seconds for pyVoIP to take note of a call that it was given."""
_READS = 64
_EXIT_STUCK = 5
_FAREWELL = 3.0


def limit_memory(more: int) -> None:
    """Let this process take `more` bytes of address space besides what it has; an allocation beyond raises MemoryError."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


class Child:
    """Everything in it runs in the main thread, except what `_work` runs."""

    def __init__(self, setup: Setup, parent: socket.socket) -> None:
        self._setup, self._parent = setup, parent
        self._wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._wire.bind((setup.host, setup.sip_port))
        self._wire.setblocking(False)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.setblocking(False)
        self._ours = ours
        self._phone = Phone(PhoneLine(theirs), setup.user, setup.host)
        self._interpreter = Interpreter(
            Account(setup.auth_user or setup.user, setup.password),
            setup.user,
            setup.domain,
            Flow("udp", setup.server, setup.port, setup.host, self._wire.getsockname()[1]),
            max_calls=setup.max_calls,
            token=lambda: secrets.token_hex(8),
            secret=secrets.token_bytes(32),
        )
        self._jobs: queue.SimpleQueue[tuple[str, Callable[[], None]]] = queue.SimpleQueue()
        self._failed: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._busy_since = 0.0
        """When pyVoIP began what it does now, 0.0 while it does nothing."""
        self._arrivals: dict[str, Event] = {}
        self._heard = bytearray()
        self._stopping = False

    def run(self) -> None:
        """Until the parent orders it to stop or is gone."""
        self._phone.arrived = lambda key: self._arrivals.setdefault(key, Event()).set()
        Thread(target=self._work, daemon=True).start()
        self._phone.start()
        selector = selectors.DefaultSelector()
        for end, read in ((self._wire, self._from_wire), (self._ours, self._from_phone), (self._parent, self._from_parent)):
            selector.register(end, selectors.EVENT_READ, read)
        beat = 0.0
        while not self._stopping:
            now = time.monotonic()
            if now >= beat:
                beat = now + BEAT
                self._tell(Beat())
                self._watch(now)
            self._interpreter.handle_timer(now)
            self._flush()
            wait = min(beat, self._interpreter.next_deadline()) - time.monotonic()
            for key, _ in selector.select(max(0.0, wait)):
                key.data(time.monotonic())
                self._flush()

    # In

    def _from_wire(self, now: float) -> None:
        for _ in range(_READS):
            try:
                data, source = self._wire.recvfrom(65_536)
            except OSError:  # nothing more, or the PBX's port is closed
                return
            self._interpreter.from_wire(data, source[0], source[1], now)

    def _from_phone(self, now: float) -> None:
        try:
            data = self._ours.recv(65_536)
        except BlockingIOError:
            return
        self._interpreter.from_phone(data, now)

    def _from_parent(self, now: float) -> None:
        data = self._parent.recv(65_536)
        if not data or len(self._heard) > MAX_LINE:
            self._stopping = True
            return
        self._heard += data
        *lines, rest = bytes(self._heard).split(b"\n")
        self._heard = bytearray(rest)
        for line in lines:
            self._obey(decode(line), now)

    def _obey(self, order: Line, now: float) -> None:
        interpreter, phone = self._interpreter, self._phone
        match order:
            case Dial(key=key, number=number, display=display, port=port):
                interpreter.expect(key, number, display)
                self._jobs.put((key, lambda: phone.dial(key, port)))
            case Take(key=key, port=port):
                phone.ports[key] = port
                interpreter.take(key)
            case Ring(key=key):
                interpreter.ring(key, now)
            case Answer(key=key):
                self._jobs.put((key, lambda: self._pick_up(key)))
            case Release(key=key, status=status):
                interpreter.release(key, status, now)
                self._arrivals.pop(key, None)
            case Stop():
                self._stopping = True
            case _:
                raise ValueError(f"not an order: {type(order).__name__}")

    # Out

    def _flush(self) -> None:
        interpreter = self._interpreter
        while not self._failed.empty():
            key, detail = self._failed.get()
            interpreter.release(key, 500, time.monotonic())
            self._tell(Over(key, "lost", 500, detail))
        for outgoing in interpreter.drain_wire():
            try:
                self._wire.sendto(outgoing.data, (outgoing.flow.host, outgoing.flow.port))
            except OSError:  # told by what does not come back; each request is sent again
                continue
        while interpreter.to_phone:
            try:
                self._ours.send(interpreter.to_phone.popleft())
            except OSError:  # pyVoIP does not read: `_watch` ends that
                break
        while interpreter.notes:
            note = interpreter.notes.popleft()
            if isinstance(note, RegistrationChanged) and note.status < 300:
                self._phone.sip.granted = note.expires
            if isinstance(note, Offered):
                self._arrivals[note.key] = Event()
            elif isinstance(note, Over):
                self._arrivals.pop(note.key, None)
            self._tell(note)

    def _tell(self, note: Line) -> None:
        self._parent.sendall(encode(note))

    def _watch(self, now: float) -> None:
        since = self._busy_since
        if since and now - since > STUCK:
            print("pyVoIP stands still", file=sys.stderr, flush=True)
            os._exit(_EXIT_STUCK)

    # pyVoIP's own thread

    def _work(self) -> None:
        while True:
            key, job = self._jobs.get()
            self._busy_since = time.monotonic()
            try:
                job()
            except Exception as error:
                self._failed.put((key, f"pyVoIP: {type(error).__name__}: {error}"))
            self._busy_since = 0.0

    def _pick_up(self, key: str) -> None:
        """Answer, as soon as pyVoIP has the call. A call that ended meanwhile is none to answer."""
        arrival = self._arrivals.get(key)
        if arrival is None:
            return
        if not arrival.wait(ARRIVAL):
            raise TimeoutError("it did not take note of the call")
        if key in self._phone.calls:
            self._phone.answer(key)

    def farewell(self) -> None:
        """Give the registration back, for `_FAREWELL` seconds at most."""
        leaving = Thread(target=self._phone.sip.stop, daemon=True)
        leaving.start()
        until = time.monotonic() + _FAREWELL
        while leaving.is_alive() and (now := time.monotonic()) < until:
            time.sleep(0.01)
            self._interpreter.handle_timer(now)
            self._from_wire(now)
            self._from_phone(now)
            for outgoing in self._interpreter.drain_wire():
                self._wire.sendto(outgoing.data, (outgoing.flow.host, outgoing.flow.port))
            while self._interpreter.to_phone:
                self._ours.send(self._interpreter.to_phone.popleft())


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to stop
    warnings.simplefilter("ignore")
    os.dup2(2, 1)  # pyVoIP prints what it does not understand
    parent = socket.socket(fileno=int(sys.argv[1]))
    line = bytearray()
    while not line.endswith(b"\n"):  # octet by octet: what follows is the loop's
        if not (octet := parent.recv(1)):
            return
        line += octet
    setup = decode(bytes(line))
    if not isinstance(setup, Setup):
        raise ValueError("the first line is the set-up")
    child = Child(setup, parent)
    limit_memory(setup.memory)
    try:
        child.run()
        child.farewell()
    except OSError as error:  # the parent is gone
        print(f"phone account: {error}", file=sys.stderr, flush=True)
    os._exit(0)  # pyVoIP's threads do not end


if __name__ == "__main__":
    main()
