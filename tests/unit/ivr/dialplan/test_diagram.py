"""The picture of a flow: what is drawn, what is told in the legend, and that hostile text stays text."""

from __future__ import annotations

import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ivr.dialplan.build import build
from ivr.dialplan.diagram import MOST_STATES, Look, lines, outgoing, picture
from ivr.dialplan.diagram_svg import draw
from ivr.dialplan.diagram_words import clipped, width
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Findings

SVG = "{http://www.w3.org/2000/svg}"
FLOW = """
flow: small
languages: [zh, en]
entry: ask
defaults:
  no_input: { retry: 2, then: human }
  no_match: human
  error: bye
  again: again
intents:
  bill: { zh: [查账单], en: [my bill], label: { zh: 账单, en: Bill } }
  again: { zh: [再说一遍], en: [say that again] }
states:
  ask:
    menu: { say: { zh: "您好，{vars.a}", en: Hello }, options: [bill] }
    on: { bill: pick, "9": again }
  pick:
    go:
      - { if: vars.a == "1 < 2", to: human }
      - { to: choose }
  choose:
    switch: { of: vars.a, cases: { x: ask, y: "{vars.b}" }, otherwise: end }
  human:
    enqueue: { queue: support }
    on: { no_agents: bye, closed: bye, full: bye }
  bye:
    hangup: normal
"""


def load(text: str) -> Flow:
    """The flow of a text that `ivr check` may still complain about."""
    findings = Findings("f.yaml")
    found = build(text, findings)
    assert found is not None, findings.problems[:1]
    return found


def flow(text: str = FLOW) -> Flow:
    return load(text)


def elements(svg: str, name: str = "g") -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(SVG + name))


def test_every_state_is_drawn_once_with_its_place() -> None:
    drawing = draw(flow())
    states = {one.get("data-state"): one for one in elements(drawing.svg) if (one.get("class") or "").startswith("state ")}
    assert list(states) == ["ask", "pick", "choose", "human", "bye"]
    assert states["ask"].get("id") == "state-ask"
    assert FLOW.splitlines()[int(states["human"].get("data-line") or 0) - 1] == "  human:"
    assert {"menu": "kind-menu"}.items() <= {"menu": str(states["ask"].get("class")).split()[1]}.items()


def test_keys_name_every_edge() -> None:
    small = flow()
    keys = [line.key for line in lines(small, Look()) if not line.inherited]
    assert " | ".join(keys) == (
        "ask bill | ask 9 | pick go:1 | pick go:2 | choose case:x | choose case:y | choose otherwise | "
        "human no_agents | human closed | human full | bye hangup!"
    )
    assert [name for name, _, inherited in outgoing(small, small.states["ask"]) if inherited] == [
        "hangup",
        "no_input",
        "no_match",
        "error",
        "again",
    ]


def test_edges_tell_ends_place_and_words() -> None:
    edges = {one["key"]: one for one in draw(flow(), Look("zh")).edges}
    assert (edges["ask bill"]["to"], edges["ask bill"]["label"]) == ("pick", "账单")
    assert edges["pick go:1"]["label"] == 'vars.a == "1 < 2"'
    assert edges["pick go:2"]["label"] == "其他"
    assert (edges["choose case:y"]["to"], edges["choose otherwise"]["to"]) == ("*", "end")
    assert FLOW.splitlines()[edges["ask bill"]["line"] - 1].strip().startswith("on: { bill")
    assert edges["ask 9"]["to"] == "ask"


def test_a_sub_flow_ends_by_what_it_returns() -> None:
    text = "flow: f\nlanguages: [en]\ndefaults: {error: end}\nstates:\n  a: {return: chosen}\n"
    (edge,) = [one for one in draw(load(text)).edges if one["from"] == "a"]
    assert (edge["key"], edge["label"], edge["to"]) == ("a return!", "chosen", "end")


def test_inherited_edges_stand_in_the_legend_until_asked_for() -> None:
    drawing = draw(flow(), Look("en"))
    legend = [one for one in drawing.edges if one["from"] == "*"]
    assert [(one["label"], one["to"]) for one in legend] == [
        ("silence ×3", "human"),
        ("not understood", "human"),
        ("error", "bye"),
        ("say that again", "↻"),
    ]
    whole = draw(flow(), Look("en", inherited=True))
    assert not [one for one in whole.edges if one["from"] == "*"]
    assert {"ask no_input", "human error"} <= {one["key"] for one in whole.edges}


def test_what_is_said_is_shown_in_the_language_of_the_picture() -> None:
    def texts(shown: str) -> str:
        return " ".join(one.text or "" for one in elements(draw(flow(), Look(shown)).svg, "text"))

    assert "菜单" in texts("zh") and "您好" in texts("zh")
    assert "menu" in texts("en") and "Hello" in texts("en")


def test_prompts_are_shown_by_their_words() -> None:
    text = "flow: f\nlanguages: [en]\ndefaults: {error: end}\nstates: {a: {do: [{say: welcome}], hangup: normal}}"
    assert "“Hello there”" in draw(load(text), Look("en", texts=lambda name, language: "Hello there")).svg
    assert "“welcome”" in draw(load(text), Look("en")).svg


def test_coverage_colours_and_counts_are_written() -> None:
    coverage = {"states": {"ask": 3}, "edges": {"ask bill": 3}}
    counts = {
        "now": {"ask": 2},
        "entered": {"pick": 7},
        "edges": {"ask bill": 40},
        "gave_up": {"ask": {"hangup": 4, "no_input": 1}},
    }
    drawing = draw(flow(), Look(coverage=coverage, counts=counts))
    classes = {one.get("data-key") or one.get("data-state"): one.get("class") or "" for one in elements(drawing.svg)}
    assert "covered" in classes["ask"] and "covered" in classes["ask bill"]
    assert "missed" in classes["pick"] and "missed" in classes["pick go:1"]
    said = [one.text for one in elements(drawing.svg, "text")]
    assert {"2", "7", "Bill · 40", "✕ 5"} <= set(said)


def test_counts_of_any_shape_do_no_harm() -> None:
    for counts in ({}, {"now": None}, {"now": {"ask": "<b>"}}, {"edges": {"ask bill": -1}}, {"gave_up": {"ask": {"x": "y"}}}):
        assert draw(flow(), Look(counts=counts)).svg.count("<b>") == 0


def test_hostile_text_stays_text() -> None:
    said = "</text><script>alert(1)</script> & \\x01\\uFFFE"
    text = (
        f'flow: f\nlanguages: [en]\ndefaults: {{ error: end }}\nstates:\n  a:\n    do: [{{ say: {{ en: "{said}" }} }}]\n'
        '    go:\n      - { if: "vars.x == \\"]]><!--\\"", to: a2 }\n      - { to: a2 }\n  a2: { hangup: normal }\n'
    )
    svg = draw(load(text)).svg
    root = ElementTree.fromstring(svg)
    assert not list(root.iter(SVG + "script"))
    assert "<script" not in svg and "\x01" not in svg


def test_there_is_no_style_and_no_way_outside_but_in_a_file_of_its_own() -> None:
    page = draw(flow()).svg
    assert "<style" not in page and "style=" not in page and "href" not in page
    assert "<style>" in draw(flow(), Look(standalone=True)).svg


def test_a_far_target_that_many_lead_to_is_named_instead_of_drawn() -> None:
    one = "  s{}: {{ ask: {{ say: {{ en: q }}, expect: yes_no }}, on: {{ yes: s{}, no: last }} }}"
    states = "\n".join(one.format(n, n + 1) for n in range(12))
    defaults = "{no_input: last, no_match: last, error: last}"
    head = f"flow: f\nlanguages: [en]\ndefaults: {defaults}\nstates:\n"
    text = f"{head}{states}\n  s12: {{goto: last}}\n  last: {{hangup: normal}}\n"
    shapes = picture(load(text), Look()).shapes
    pointers = [one for one in shapes if one.sort == "pointer"]
    assert pointers and {one.state for one in pointers} == {"last"}
    assert sum(one.sort == "state" for one in shapes) == 14


def test_left_to_right_is_wider_than_high() -> None:
    states = "\n".join(f"  s{n}: {{goto: s{n + 1}}}" for n in range(9))
    chain = load(f"flow: f\nlanguages: [en]\ndefaults: {{error: end}}\nstates:\n{states}\n  s9: {{hangup: normal}}\n")
    down, right = draw(chain), draw(chain, Look(right=True))
    assert down.height > down.width and right.width > right.height


def test_the_sample_is_drawn_whole() -> None:
    sample = load(Path("dialplans/telecom.yaml").read_text("utf-8"))
    drawing = draw(sample, Look("zh"))
    assert {one["state"] for one in drawing.nodes if one["sort"] == "state"} == set(sample.states)
    ElementTree.fromstring(drawing.svg)


def large(count: int) -> str:
    lines = ["flow: big", "languages: [en]", "defaults: {no_input: end, no_match: end, error: end}", "intents:"]
    lines += [f"  i{n}: {{en: [word {n}]}}" for n in range(3)] + ["states:"]
    for n in range(count):
        ahead = [(n * 7 + k * 13) % 9 - 2 for k in range(3)]
        goals = [min(count - 1, max(0, n + (one or 1))) for one in ahead]
        lines.append(f"  s{n}:\n    menu: {{say: {{en: question {n}}}, options: [i0, i1, i2]}}")
        lines.append(f"    on: {{i0: s{goals[0]}, i1: s{goals[1]}, i2: s{goals[2]}}}")
    return "\n".join(lines)


def test_five_hundred_states_are_drawn_in_time() -> None:
    big = load(large(500))
    begun = time.process_time()
    drawing = draw(big)
    assert time.process_time() - begun < 3.0
    assert sum(one["sort"] == "state" for one in drawing.nodes) == 500


def test_too_many_states_are_refused() -> None:
    found = load("flow: f\nlanguages: [en]\nstates:\n" + "".join(f"  s{n}: {{hangup: normal}}\n" for n in range(2001)))
    with pytest.raises(ValueError, match=str(MOST_STATES)):
        draw(found)


def test_words_are_cut_by_their_width() -> None:
    assert clipped("查询账单", 10, 100) == "查询账单"
    assert clipped("查询账单查询账单", 10, 50) == "查询账单…"
    assert width("中文", 10) == 20
    assert clipped("a\nb\t c", 10, 100) == "a b c"
