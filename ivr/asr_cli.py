"""`ivr asr serve`: recognition for other machines, by the protocol of vosk-server."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from ivr.asr_wanted import FIRST, settings_of
from ivr.errors import ConfigError, SpeechUnavailable
from ivr.settings import parse_address
from ivr.speech.asr_server import AsrServer
from ivr.speech.loading import load
from ivr.speech.models import find_models

PLACES = 60
"""Utterances at the same time for each core."""


def run(args: argparse.Namespace) -> int:
    """Serve until told to stop. Raises ConfigError, SpeechUnavailable."""
    host, port = parse_address(args.listen, "--listen")
    if args.threads < 1:
        raise ConfigError(f"--threads {args.threads}: at least 1")
    settings = settings_of(args.config, args.models_dir, args.language or list(FIRST))
    found, missing = find_models(settings)
    engines, failed = load({language: want for language, want in found.items() if language in (args.language or found)})
    for language, reason in {**missing, **failed}.items():
        sys.stderr.write(f"{language}: {reason}\n")
    if not engines:
        cure = f"ivr models install {FIRST.get(next(iter(args.language), 'zh'), FIRST['zh'])}"
        raise SpeechUnavailable(f"no model to serve is installed: {cure}")
    server = AsrServer(engines, args.threads, most=PLACES * args.threads)
    return asyncio.run(_serve(server, host, port, {language: settings.models[language] for language in engines}))


async def _serve(server: AsrServer, host: str, port: int, models: dict[str, str]) -> int:
    try:
        port = await server.start(host, port)
    except OSError as error:
        raise ConfigError(f"--listen {host}:{port}: {error.strerror or error}") from error
    for language, model in models.items():
        print(f"ws://{host}:{port}/{language}  {model}", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await server.close()
    return 0
