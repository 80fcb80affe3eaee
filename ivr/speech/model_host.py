"""The process that loads the models once and forks workers which share them.

    python -m ivr.speech.model_host     # control socket on descriptor 0

The server itself is never forked: it has threads and sockets. This process has neither, so a fork is clean and costs 5 MB.
The control socket (SOCK_SEQPACKET) carries JSON: first the models to load, answered by what was loaded; then one message a
worker, with the worker's end of a socket pair attached. It ends when the control socket does, and its workers with it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from ivr.speech import silero
from ivr.speech.engine import Engine
from ivr.speech.loading import load
from ivr.speech.second_opinion import DoubtingEngine
from ivr.speech.wire import LARGEST, pack_json
from ivr.speech.worker import Worker, die_with_parent


def main() -> int:
    parent = os.getppid()
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=os.dup(0))
    asked = json.loads(control.recv(LARGEST))
    models, failed = load(asked["models"])
    models = with_second_opinion(models, asked["models"])
    silero.weights()  # before the fork, so that the workers share them
    control.send(pack_json({"loaded": list(models), "failed": failed}))
    serve(control, models, float(asked["longest"]))
    return 0


def with_second_opinion(engines: Mapping[str, Engine], wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, Engine]:
    """The engines, with one whisper process behind them where one is wanted."""
    second = next((want["second_opinion"] for want in wanted.values() if "second_opinion" in want), None)
    if second is None or not engines:
        return dict(engines)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind("")  # an address of its own that is no file
        listening.listen(64)
        address: bytes = listening.getsockname()
        subprocess.Popen([sys.executable, "-m", "ivr.speech.whisper_process", second["path"]], stdin=listening.fileno())
    below, within = float(second["below"]), float(second["within"])
    return {language: DoubtingEngine(engine, address, below, within) for language, engine in engines.items()}


def serve(control: socket.socket, models: dict[str, Engine], longest: float) -> None:
    """Fork a worker for every descriptor that comes, until the control socket ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps; the engine learns of an end by its socket
    parent = os.getpid()
    while True:
        packet, descriptors, _, _ = socket.recv_fds(control, LARGEST, 1)
        if not packet:
            return
        link = socket.socket(fileno=descriptors[0])
        if os.fork() == 0:
            become_worker(parent, control, link, models, longest)
        link.close()


def become_worker(
    parent: int,
    control: socket.socket,
    link: socket.socket,
    models: dict[str, Engine],
    longest: float,
) -> NoReturn:
    """Never returns: the child must not unwind into the host's loop."""
    code = 1
    try:
        die_with_parent(parent)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        os.close(0)
        Worker(link, models, longest).run()
        code = 0
    except ConnectionError:
        code = 0
    except Exception:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
