"""The steps a flow is written in, one class a kind. Pure.

A state does instant steps (`do`), then at most one step that waits, then leaves by an edge. Durations are seconds.
"""

from __future__ import annotations

from ivr.dialplan.kinds import InstantStep, WaitingStep
from ivr.dialplan.steps.asking import AskStep, MenuStep
from ivr.dialplan.steps.calling_back import CallbackStep
from ivr.dialplan.steps.collecting import CollectStep
from ivr.dialplan.steps.instant import AnswerStep, LanguageStep, ProgressStep, RecordStep, SayStep, SetStep, TagStep
from ivr.dialplan.steps.lookups import HttpStep, LookupStep
from ivr.dialplan.steps.messages import SurveyStep, VoicemailStep
from ivr.dialplan.steps.queueing import EnqueueStep
from ivr.dialplan.steps.sounding import PlayStep, SpeakStep, WaitStep
from ivr.dialplan.steps.subflow import CallStep
from ivr.dialplan.steps.talking import BridgeStep, ParkStep, TransferStep
from ivr.dialplan.steps.tasks import HandoverStep, NotifyStep, TicketStep

INSTANT: tuple[type[InstantStep], ...] = (
    AnswerStep,
    SayStep,
    SetStep,
    LanguageStep,
    TagStep,
    ProgressStep,
    RecordStep,
    HandoverStep,
    NotifyStep,
)
WAITING: tuple[type[WaitingStep], ...] = (
    AskStep,
    CollectStep,
    MenuStep,
    SpeakStep,
    PlayStep,
    WaitStep,
    CallStep,
    EnqueueStep,
    BridgeStep,
    TransferStep,
    ParkStep,
    LookupStep,
    HttpStep,
    TicketStep,
    CallbackStep,
    VoicemailStep,
    SurveyStep,
)
"""In the order of the reference."""
