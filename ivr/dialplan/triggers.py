"""What people may say that something is to be done about: the values of `triggers:`, and the task that a hit leaves. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from ivr.dialplan.problems import Place
from ivr.dialplan.slots import SlotType, read

KINDS = ("hesitation", "churn", "legal", "competitor", "vulnerable", "promise", "compliance", "custom")
SPEAKERS = ("caller", "agent", "both")
SAID = "said"
"""As `due`: the date that was said."""
USUAL_DUE = 86400.0
"""Seconds until a task is due whose date was not said."""
END_OF_DAY = time(18, 0)
"""When something is due that was promised for a day."""
MOST_SUBJECT, MOST_BODY = 300, 4000
DID = ("task", "tag", "alert", "hint", "notify")
"""What may be done about a hit, in this order."""


@dataclass(frozen=True, slots=True)
class Task:
    """A ticket, or a callback, that a hit opens for somebody to do."""

    by: str = "ticket"
    """`ticket` or `callback`."""
    kind: str = "follow_up"
    subject: Mapping[str, str] = field(default_factory=dict)
    """Language to text; the words that were said without it."""
    due: float = 0.0
    """Seconds from now; 0 for no time."""
    said: bool = False
    """Due when the words say; `due`, or a day, where they say nothing."""
    priority: str = "normal"
    queue: str = ""
    """Of a callback."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message by `sms`, `email` or `webhook`."""

    by: str
    to: str = ""
    text: Mapping[str, str] = field(default_factory=dict)
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Phrases that are waited for on a call, and what is done when one is said.

    A built-in one is taken by its name (`hesitation churn legal competitor vulnerable promise`); `zh`, `en` add phrases to it,
    and `task`, `tag`, `alert`, `hint`, `notify` replace what it does. `*` in a phrase stands for a few words.
    """

    name: str
    kind: str = "custom"
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Language to phrases."""
    speaker: str = "caller"
    """Who must say it: `caller`, `agent` or `both`."""
    tolerance: float = 0.25
    """0..0.5: words that may stand between those of a phrase, as a share of its length."""
    sounds: bool = True
    """Whether what sounds alike is the same: a recogniser's homophones."""
    guard: bool = True
    """Whether what is denied ("I'm not going to cancel") does not count."""
    cooldown: float = 60.0
    """Seconds in which it does not hit again."""
    within: float = 0.0
    """Of kind `compliance`: seconds of a talk in which it should have been said; it hits where it was not."""
    task: Task | None = None
    tags: tuple[str, ...] = ()
    alert: bool = False
    hint: Mapping[str, str] = field(default_factory=dict)
    """Language to text for the agent's page."""
    notice: Notice | None = None
    place: Place = field(default_factory=Place)

    @property
    def did(self) -> list[str]:
        """What is done about a hit, in words."""
        done = (self.task, self.tags, self.alert, self.hint, self.notice)
        return [name for name, one in zip(DID, done, strict=True) if one]


def task_row(trigger: Trigger, text: str, language: str, now: float, zone: str) -> dict[str, Any]:
    """The fields of the ticket or callback that a hit opens: `kind subject body priority due_at ...`. Never raises.

    `text` is what was said, `now` seconds since the epoch, `zone` where its dates are reckoned.
    """
    task = trigger.task or Task()
    due = due_at(text, language, now, zone) if task.said else None
    if due is None and (task.due or task.said):
        due = now + (task.due or USUAL_DUE)
    subject = task.subject.get(language) or next(iter(task.subject.values()), "") or text
    if task.by == "callback":
        begin = now if due is None else due
        times = {"from_at": begin, "until_at": begin + 4 * 3600.0}
        return {"queue": task.queue, "needs": {}, "priority": 5, "reason": subject[:MOST_SUBJECT], **times}
    return {
        "kind": task.kind,
        "subject": subject[:MOST_SUBJECT],
        "body": text[:MOST_BODY],
        "priority": task.priority,
        "fields": {"trigger": trigger.name},
        "due_at": due,
    }


# --- dates that are promised

_WITHIN_ZH = re.compile(r"(?<=[天时钟周月年日])(?:之内|以内|内|之后|以后)")
_WORKING_ZH = re.compile(r"(?:个)?(?:工作日|自然日)")
_WITHIN_EN = re.compile(r"\bwithin\b", re.IGNORECASE)
_TODAY_EN = re.compile(r"\b(?:by |at |before )?(?:the )?end of (?:the )?(?:day|today)\b|\btonight\b", re.IGNORECASE)
_WEEK_EN = re.compile(r"\b(?:by |at |before )?(?:the )?end of (?:the |this )?week\b", re.IGNORECASE)
_SPOKEN = SlotType("datetime", when="future")


def due_at(text: str, language: str, now: float, zone: str) -> float | None:
    """When what was promised is due, in seconds since the epoch; None where no time was said. A day alone is due at 18:00."""
    here = datetime.fromtimestamp(now, ZoneInfo(zone))
    said = _plainly(text[:300], language)
    found = read(_SPOKEN, said, _SPOKEN.about(language, here))
    if found is None:
        return None
    day, _, clock = str(found.value).partition("T")
    if "/" in clock:
        clock = clock.split("/")[1]
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}" if clock else f"{day}T{END_OF_DAY:%H:%M}")
    except ValueError:
        return None
    due = moment.replace(tzinfo=ZoneInfo(zone))
    return (due if due > here else here + timedelta(hours=1)).timestamp()


def _plainly(text: str, language: str) -> str:
    """ "Within three days" as "in three days": what is promised for a span is due at its end."""
    if language == "zh":
        return _WITHIN_ZH.sub("后", _WORKING_ZH.sub("天", text))
    return _WEEK_EN.sub("on Friday", _TODAY_EN.sub("today", _WITHIN_EN.sub("in", text)))


# --- those that come with the house


@lru_cache(maxsize=1)
def built_in() -> Mapping[str, Trigger]:
    """The triggers of `triggers.yaml` beside this module, by name."""
    from ivr.dialplan.build_triggers import library

    return library(resources.files("ivr.dialplan").joinpath("triggers.yaml").read_text("utf-8"))
