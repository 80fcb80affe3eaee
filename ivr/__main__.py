"""The command `ivr`."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from ivr.errors import IvrError

DEMO = Path("examples/demo/hotline.yaml")


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; an error that a person can mend is one line on stderr and exit code 1."""
    given = sys.argv[1:] if arguments is None else arguments
    args = _parser(given[0] if given else "").parse_args(given)
    try:
        code: int = args.run(args)
    except IvrError as error:
        print(f"ivr: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser(wanted: str) -> argparse.ArgumentParser:
    """The parser in which `wanted` has its options; the other commands have their line of help alone.

    Options of some commands take half of the server to be read: each is loaded for itself.
    """
    parser = argparse.ArgumentParser(prog="ivr", description="Hotline: a voice IVR and telephony control server.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (words, add) in COMMANDS.items():
        command = commands.add_parser(name, help=words)
        if name == wanted:
            add(command)
    return parser


def _of(module: str) -> Callable[[argparse.ArgumentParser], None]:
    """What gives a command the options of a module: its `add_arguments`, and its `run` where that is all there is to run."""

    def add(command: argparse.ArgumentParser) -> None:
        found = import_module(module)
        if hasattr(found, "run"):
            command.set_defaults(run=found.run)
        found.add_arguments(command)

    return add


def _add_serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("config", nargs="?", type=Path, default=DEMO, help=f"settings file (default: {DEMO})")
    serve.add_argument("--sip", metavar="HOST:PORT", help="SIP over UDP and TCP here instead of where the settings say")
    serve.add_argument("--web", metavar="HOST:PORT", help="pages and API here")
    serve.add_argument("--data", metavar="DIR", type=Path, help="live state, records and models here")
    serve.add_argument("--workers", metavar="N", type=int, default=1, help="processes that take calls (default: 1)")
    serve.add_argument("--verbose", "-v", action="store_true", help="log every step of every call")

    def run(args: argparse.Namespace) -> int:
        gc.disable()  # what is loaded stays: looking through it again and again takes a fifth of the start
        from ivr.app import serve_forever

        gc.freeze()
        gc.enable()
        again = [str(args.config), *_given("--sip", args.sip), *_given("--web", args.web), *_given("--data", args.data)]
        again += ["--verbose"] if args.verbose else []
        code = serve_forever(args.config, args.sip, args.web, args.data, args.verbose, args.workers, again)
        gc.freeze()  # the process ends: nothing is looked through once more for what the system takes back anyway
        return code

    serve.set_defaults(run=run)


def _given(option: str, value: object) -> list[str]:
    """The option again, for a process that is to read the same settings."""
    return [] if value is None else [option, str(value)]


def _add_check(check: argparse.ArgumentParser) -> None:
    check.add_argument("paths", nargs="*", type=Path, help="files or folders (default: those of --config, else dialplans)")
    check.add_argument("--config", type=Path, metavar="FILE", help="settings file: checked too, with its queues and skills")
    formats = ["text", "json", "github", "sarif"]
    check.add_argument("--format", choices=formats, default="text", help="github: annotations; sarif: SARIF 2.1.0")
    check.add_argument("--strict", action="store_true", help="fail on warnings too")
    check.add_argument("--longest", default="20s", metavar="DURATION", help="what a question may take (default: %(default)s)")
    check.add_argument(
        "--prompts", type=Path, action="append", help="folders with recordings (default: those of --config, else prompts)"
    )

    def run(args: argparse.Namespace) -> int:
        from ivr.checking import check_dialplans
        from ivr.dialplan.durations import seconds
        from ivr.errors import ConfigError

        try:
            longest = seconds(args.longest)
        except ValueError as error:
            raise ConfigError(f"--longest: `{args.longest}`: {error}") from error
        return check_dialplans(args.paths, args.format, args.prompts, args.config, strict=args.strict, longest=longest)

    check.set_defaults(run=run)


def _add_asr(asr: argparse.ArgumentParser) -> None:
    from ivr.asr_arguments import add_serve

    add_serve(asr)


def _add_prompts(prompts: argparse.ArgumentParser) -> None:
    from ivr.speech import prompts_cli

    def run(args: argparse.Namespace) -> int:
        from ivr.prompt_uses import uses_of  # no other command reads flows for this

        return prompts_cli.run(args, uses_of)

    prompts_cli.add_arguments(prompts)
    prompts.set_defaults(run=run)


def _add_unseal(unseal: argparse.ArgumentParser) -> None:
    unseal.add_argument("source", type=Path, help="the .sealed file")
    unseal.add_argument("target", type=Path, help="the new file")
    unseal.add_argument("--config", type=Path, metavar="FILE", required=True, help="settings file: its recording.encrypt_key")

    def run(args: argparse.Namespace) -> int:
        from ivr.settings import load_settings
        from ivr.wiring_recording import unseal_file

        octets = unseal_file(args.source, args.target, load_settings(args.config).recording.encrypt_key)
        print(f"{args.target}: {octets} octets")
        return 0

    unseal.set_defaults(run=run)


COMMANDS: Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "serve": ("answer calls until told to stop", _add_serve),
    "check": ("find every mistake in dialplans before a caller does", _add_check),
    "test": ("play the conversations of *.test.yaml without a phone", _of("ivr.test_cli")),
    "simulate": ("talk to a flow in the terminal, by text or keys", _of("ivr.simulate_cli")),
    "models": ("list, install and remove speech models", _of("ivr.speech.models_cli")),
    "asr": ("serve recognition to other machines", _add_asr),
    "prompts": ("render, check, list and preview spoken prompts", _add_prompts),
    "phone": ("call, answer or register as a telephone, and measure what was heard", _of("ivr.phone.cli")),
    "flows": ("list, compare, publish, roll out and take back versions of flows on a running node", _of("ivr.flows_cli")),
    "bans": ("list, add, remove and export banned SIP sources of a running node", _of("ivr.guarding.bans_cli")),
    "trace": ("show the SIP messages of a call on a running node", _of("ivr.guarding.trace_cli")),
    "unseal": ("write a sealed recording as a plain one", _add_unseal),
    "diagram": ("draw a flow as an SVG picture", _of("ivr.diagram_cli")),
    "records": ("remove what is too old, or all of one caller", _of("ivr.records_cli")),
    "hooks": ("say of which events other systems are told", _of("ivr.hooks_cli")),
    "queue": ("play a day of callers again under other rules", _of("ivr.queue_cli")),
    "bench": ("measure hearing, understanding and queues on this machine", _of("ivr.bench_cli")),
}
"""Each command with its line of help and what gives it its options."""


if __name__ == "__main__":
    sys.exit(main())
