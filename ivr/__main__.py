"""The command `ivr`."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from ivr.errors import IvrError

DEMO = Path("examples/demo/hotline.yaml")
HEAVY = {
    "records": ("ivr.records_cli", "remove what is too old, or all of one caller"),
    "bench": ("ivr.bench_cli", "measure hearing, understanding and queues on this machine"),
}
"""Commands whose options take half of the server to be read: it is loaded for them alone. Module and help of each."""


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; an error that a person can mend is one line on stderr and exit code 1."""
    given = sys.argv[1:] if arguments is None else arguments
    args = (_heavy(given[0]) if given and given[0] in HEAVY else _parser()).parse_args(given)
    try:
        code: int = args.run(args)
    except IvrError as error:
        print(f"ivr: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ivr", description="Hotline: a voice IVR and telephony control server.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_check(commands)
    _add_test(commands)
    _add_simulate(commands)
    _add_models(commands)
    _add_asr(commands)
    _add_prompts(commands)
    _add_phone(commands)
    _add_flows(commands)
    _add_bans(commands)
    _add_trace(commands)
    _add_unseal(commands)
    _add_diagram(commands)
    for name, (_, words) in HEAVY.items():
        commands.add_parser(name, help=words)
    return parser


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = commands.add_parser("serve", help="answer calls until told to stop")
    serve.add_argument("config", nargs="?", type=Path, default=DEMO, help=f"settings file (default: {DEMO})")
    serve.add_argument("--sip", metavar="HOST:PORT", help="SIP over UDP and TCP here instead of where the settings say")
    serve.add_argument("--web", metavar="HOST:PORT", help="pages and API here")
    serve.add_argument("--data", metavar="DIR", type=Path, help="live state, records and models here")
    serve.add_argument("--workers", metavar="N", type=int, default=1, help="processes that take calls (default: 1)")
    serve.add_argument("--verbose", "-v", action="store_true", help="log every step of every call")

    def run(args: argparse.Namespace) -> int:
        from ivr.app import serve_forever

        again = [str(args.config), *_given("--sip", args.sip), *_given("--web", args.web), *_given("--data", args.data)]
        again += ["--verbose"] if args.verbose else []
        return serve_forever(args.config, args.sip, args.web, args.data, args.verbose, args.workers, again)

    serve.set_defaults(run=run)


def _given(option: str, value: object) -> list[str]:
    """The option again, for a process that is to read the same settings."""
    return [] if value is None else [option, str(value)]


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser("check", help="find every mistake in dialplans before a caller does")
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


def _add_test(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ivr import test_cli

    test = commands.add_parser("test", help="play the conversations of *.test.yaml without a phone")
    test_cli.add_arguments(test)
    test.set_defaults(run=test_cli.run)


def _add_simulate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ivr import simulate_cli

    simulate = commands.add_parser("simulate", help="talk to a flow in the terminal, by text or keys")
    simulate_cli.add_arguments(simulate)
    simulate.set_defaults(run=simulate_cli.run)


def _add_models(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ivr.speech import models_cli

    models = commands.add_parser("models", help="list, install and remove speech models")
    models_cli.add_arguments(models)
    models.set_defaults(run=models_cli.run)


def _add_asr(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ivr.asr_arguments import add_serve

    add_serve(commands.add_parser("asr", help="serve recognition to other machines"))


def _add_prompts(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ivr.speech import prompts_cli

    def run(args: argparse.Namespace) -> int:
        from ivr.prompt_uses import uses_of  # no other command reads flows for this

        return prompts_cli.run(args, uses_of)

    prompts = commands.add_parser("prompts", help="render, check, list and preview spoken prompts")
    prompts_cli.add_arguments(prompts)
    prompts.set_defaults(run=run)


def _add_flows(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ivr import flows_cli

    flows = commands.add_parser(
        "flows", help="list, compare, publish, roll out and take back versions of flows on a running node"
    )
    flows_cli.add_arguments(flows)
    flows.set_defaults(run=flows_cli.run)


def _add_bans(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ivr.guarding import bans_cli

    bans = commands.add_parser("bans", help="list, add, remove and export banned SIP sources of a running node")
    bans_cli.add_arguments(bans)
    bans.set_defaults(run=bans_cli.run)


def _add_trace(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ivr.guarding import trace_cli

    trace = commands.add_parser("trace", help="show the SIP messages of a call on a running node")
    trace_cli.add_arguments(trace)
    trace.set_defaults(run=trace_cli.run)


def _add_unseal(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    unseal = commands.add_parser("unseal", help="write a sealed recording as a plain one")
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


def _add_diagram(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ivr import diagram_cli

    diagram = commands.add_parser("diagram", help="draw a flow as an SVG picture")
    diagram_cli.add_arguments(diagram)
    diagram.set_defaults(run=diagram_cli.run)


def _heavy(name: str) -> argparse.ArgumentParser:
    """The parser for one of `HEAVY` alone."""
    module, words = HEAVY[name]
    parser = argparse.ArgumentParser(prog="ivr")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    import_module(module).add_arguments(commands.add_parser(name, help=words))
    return parser


def _add_phone(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ivr.phone import cli

    phone = commands.add_parser("phone", help="call, answer or register as a telephone, and measure what was heard")
    cli.add_arguments(phone)


if __name__ == "__main__":
    sys.exit(main())
