"""Steps about the call itself from their YAML: bridges, transfers, parking, recording, early media. Pure."""

from __future__ import annotations

from ivr.dialplan.expression import Template
from ivr.dialplan.fields import Fields, template, word
from ivr.dialplan.positions import Node, Scalar
from ivr.dialplan.problems import Findings
from ivr.dialplan.steps import BridgeStep, Instant, ParkStep, ProgressStep, RecordStep, TransferStep, Waiting

Languages = tuple[str, ...]
HOW = ("bridged", "refer", "auto")
ACTIONS = ("start", "pause", "resume", "stop")


def progress(node: Node, findings: Findings, languages: Languages) -> Instant:
    if not isinstance(node, Scalar) or node.value not in (None, True):
        findings.error(node.place, "wrong-type", "`progress` takes nothing", "write `- progress`")
    return ProgressStep()


def record(node: Node, findings: Findings, languages: Languages) -> Instant:
    action = word(node, findings, "what to do with the recording")
    if action and action not in ACTIONS:
        findings.unknown(node.place, "action of record", action, ACTIONS)
    return RecordStep(action)


def bridge(node: Node, findings: Findings, languages: Languages) -> Waiting:
    if isinstance(node, Scalar):
        return BridgeStep(template(node, findings) or _empty(node), node.place)
    fields = Fields(node, findings, "bridge", ("to", "ring", "music"))
    return BridgeStep(_to(fields, node), node.place, fields.duration("ring", 30.0), fields.text("music"))


def transfer(node: Node, findings: Findings, languages: Languages) -> Waiting:
    if isinstance(node, Scalar):
        return TransferStep(template(node, findings) or _empty(node), node.place)
    fields = Fields(node, findings, "transfer", ("to", "how", "ring", "music"))
    how = fields.text("how", "bridged")
    if how not in HOW:
        findings.unknown(fields.place, "way to transfer", how, HOW)
    return TransferStep(_to(fields, node), node.place, how, fields.duration("ring", 30.0), fields.text("music"))


def park(node: Node, findings: Findings, languages: Languages) -> Waiting:
    if isinstance(node, Scalar):
        slot = None if node.value is None else template(node, findings)
        return ParkStep(slot or _empty(node), node.place)
    fields = Fields(node, findings, "park", ("slot", "music", "timeout"))
    slot = fields.template("slot") or _empty(node)
    return ParkStep(slot, node.place, fields.text("music", "music"), fields.duration("timeout", 120.0))


def _to(fields: Fields, node: Node) -> Template:
    fields.need("to", 'to: a number, a registered user, or "sip:user@host"')
    return fields.template("to") or _empty(node)


def _empty(node: Node) -> Template:
    return Template("", node.place, ())
