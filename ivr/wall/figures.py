"""Every number of the board: its formula in words, and the one place where it is worked out. Pure.

AHT, ASA, service level, FCR, CSAT, occupancy mean here what they mean everywhere in this program; `FORMULAS` says it to
people in Chinese and English, `figures` does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivr.wall.sums import Sums

SHARE, SECONDS, COUNT, SCORE = "share", "seconds", "count", "score"

Figures = dict[str, float | int | None]


def figures(sums: Sums) -> Figures:
    """Every figure by its name, None where there is nothing to divide by. Shares are 0..1, times seconds, `csat` 1..5."""
    judged = sums.answered + sums.abandoned - sums.short
    handled = sums.self_served + sums.left_flow + sums.offered
    return {
        "calls": sums.calls,
        "offered": sums.offered,
        "answered": sums.answered,
        "abandoned": sums.abandoned,
        "overflowed": sums.overflowed,
        "callbacks": sums.callbacks,
        "self_served": sums.self_served,
        "service_level": _share(sums.within, judged),
        "abandonment": _share(sums.abandoned - sums.short, judged),
        "asa": _mean(sums.waited, sums.answered),
        "aht": _mean(sums.talk + sums.wrap, sums.answered - sums.talking),
        "longest_wait": round(sums.longest, 1) if sums.offered or sums.longest else None,
        "containment": _share(sums.self_served, handled),
        "csat": None if not sums.surveys else round(sums.csat / sums.surveys, 2),
        "csat_answers": sums.surveys,
        "fcr": _share(sums.known - sums.again, sums.known),
        "occupancy": _share(min(sums.busy, sums.duty), sums.duty),
        "confidence": _share(sums.confidence, sums.recognised),
        "mood_level": _share(sums.mood, sums.moods),
        "angry": _share(sums.angry, sums.moods),
        "outbound": sums.outbound,
        "reached": _share(sums.reached, sums.outbound),
        "outbound_talk": _mean(sums.outbound_talk, sums.reached),
    }


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole > 0 else None


def _mean(total: float, count: int) -> float | None:
    return round(total / count, 1) if count else None


@dataclass(frozen=True, slots=True)
class Words:
    label: str
    formula: str
    note: str = ""

    def told(self) -> dict[str, str]:
        return {"label": self.label, "formula": self.formula, "note": self.note}


@dataclass(frozen=True, slots=True)
class Formula:
    """One figure, as a person is told of it."""

    name: str
    unit: str
    """`share seconds count score`."""
    zh: Words
    en: Words

    def told(self) -> dict[str, Any]:
        return {"name": self.name, "unit": self.unit, "zh": self.zh.told(), "en": self.en.told()}


FORMULAS = (
    Formula(
        "calls",
        COUNT,
        Words("来电", "结束的联系数", "包括只与语音助手通话的。"),
        Words("Calls", "contacts that ended", "Those that only talked to the assistant as well."),
    ),
    Formula(
        "offered",
        COUNT,
        Words("进入排队", "进入过排队的联系数", "含正在通话的。"),
        Words("Offered", "contacts that came to a queue", "Those talking now as well."),
    ),
    Formula(
        "answered",
        COUNT,
        Words("已接通", "与坐席通过话的联系数", "正在通话的也算。"),
        Words("Answered", "contacts that talked to an agent", "Those talking now as well."),
    ),
    Formula(
        "abandoned",
        COUNT,
        Words("放弃", "排队中挂断的联系数"),
        Words("Abandoned", "contacts that hung up while waiting"),
    ),
    Formula(
        "overflowed",
        COUNT,
        Words("溢出", "按规则或按键离开排队、之后也没有坐席接听的联系数"),
        Words("Overflowed", "contacts that a rule or a key took out of the queue, and no agent after it"),
    ),
    Formula(
        "callbacks",
        COUNT,
        Words("预约回拨", "答应回拨的次数"),
        Words("Callbacks", "promises to call back"),
    ),
    Formula(
        "self_served",
        COUNT,
        Words("自助完成", "由流程自己办完的联系数"),
        Words("Self-served", "contacts that the flow brought to its own end"),
    ),
    Formula(
        "service_level",
        SHARE,
        Words(
            "服务水平",
            "规定时间内接通 ÷（接通 + 放弃 − 短放弃）",
            "时间按队列设定（wall.within）；短放弃指未到 wall.short 就挂断的。溢出不计。",
        ),
        Words(
            "Service level",
            "answered in time ÷ (answered + abandoned − short)",
            "In time is set by queue (wall.within); short are those who hung up before wall.short. Overflowed do not count.",
        ),
    ),
    Formula(
        "abandonment",
        SHARE,
        Words("放弃率", "（放弃 − 短放弃）÷（接通 + 放弃 − 短放弃）"),
        Words("Abandonment", "(abandoned − short) ÷ (answered + abandoned − short)"),
    ),
    Formula(
        "asa",
        SECONDS,
        Words("平均应答时间", "接通者的等待时间之和 ÷ 接通", "放弃者的等待不计。"),
        Words("ASA", "waits of those answered ÷ answered", "Average speed of answer; who gave up does not count."),
    ),
    Formula(
        "aht",
        SECONDS,
        Words("平均处理时长", "（通话 + 保持 + 话后）÷ 已结束的通话", "正在进行的通话不计入。"),
        Words(
            "AHT", "(talk + hold + wrap-up) ÷ talks that are over", "Average handling time; talks that go on do not count yet."
        ),
    ),
    Formula(
        "longest_wait",
        SECONDS,
        Words("最长等待", "任何人等待过的最长时间"),
        Words("Longest wait", "the longest that anybody waited"),
    ),
    Formula(
        "containment",
        SHARE,
        Words("助手解决率", "自助完成 ÷（自助完成 + 流程中挂断 + 进入排队）", "在流程中挂断的不算解决。"),
        Words(
            "Containment",
            "self-served ÷ (self-served + hung up in the flow + offered)",
            "Who hangs up in the flow does not count as served.",
        ),
    ),
    Formula(
        "csat",
        SCORE,
        Words("满意度", "评分之和 ÷ 评价数", "1 到 5 分；超出这个范围的不算。"),
        Words("CSAT", "points ÷ answers", "1 to 5; answers outside of that do not count."),
    ),
    Formula(
        "csat_answers",
        COUNT,
        Words("评价数", "收到的 1 到 5 分评价"),
        Words("Answers", "surveys answered with 1 to 5"),
    ),
    Formula(
        "fcr",
        SHARE,
        Words(
            "首次解决率",
            "（号码已知且已服务 − 其中 7 天内为同一件事来过电的）÷ 号码已知且已服务",
            "同一件事：诉求相同，或有一次不知道诉求；外呼和留言不算来电。",
        ),
        Words(
            "FCR",
            "(served, number known − of these who had called about it within 7 days) ÷ served, number known",
            "First contact resolution. About it: the same intent, or one of the two is not known; our calls do not count.",
        ),
    ),
    Formula(
        "occupancy",
        SHARE,
        Words("占用率", "（振铃 + 通话 + 话后）÷ 在岗时间", "小休和“缓一缓”不算在岗。"),
        Words("Occupancy", "(ringing + talk + wrap-up) ÷ time on duty", "Breaks and breathing space are not on duty."),
    ),
    Formula(
        "confidence",
        SHARE,
        Words("识别置信度", "来电人每句话的置信度之和 ÷ 句数"),
        Words("Recognition", "confidence of what callers said ÷ utterances"),
    ),
    Formula(
        "mood_level",
        SHARE,
        Words("情绪", "结束时情绪程度之和 ÷ 知道情绪的联系数", "0 平静，1 愤怒。"),
        Words("Mood", "how callers felt at the end ÷ contacts whose mood is known", "0 is calm, 1 is angry."),
    ),
    Formula(
        "angry",
        SHARE,
        Words("愤怒占比", "结束时愤怒的联系数 ÷ 知道情绪的联系数"),
        Words("Angry", "contacts that ended angry ÷ contacts whose mood is known"),
    ),
    Formula(
        "outbound",
        COUNT,
        Words("外呼", "坐席拨出并已结束的电话数", "不计入来电、接通和处理时长；占用率包含它们。"),
        Words("Calls out", "calls that agents made and that are over", "In no figure of calls in; the occupancy has them."),
    ),
    Formula(
        "reached",
        SHARE,
        Words("外呼接通率", "对方接听的 ÷ 外呼"),
        Words("Reached", "calls out that were answered ÷ calls out"),
    ),
    Formula(
        "outbound_talk",
        SECONDS,
        Words("外呼通话时长", "（通话 + 保持）÷ 对方接听的外呼"),
        Words("Talk, out", "(talk + hold) ÷ calls out that were answered"),
    ),
)

BY_NAME: Mapping[str, Formula] = {one.name: one for one in FORMULAS}
