"""Everything `ivr` raises.

IvrError
  ConfigError         a settings file or option is wrong: names the place and the cure
  DialplanError       a flow is wrong: carries every problem with file, line and column
  PromptMissing       a prompt has no audio in a language
  SpeechUnavailable   no model for a language, or nothing that runs it
    SpeechBusy        there is one, but no worker has room for another turn now
  StoreUnavailable    Redis or SQL cannot be reached
  NotAllowed          an account asked for what it may not do
  NotFound            an id that names nothing
  Conflict            a command that came too late or in the wrong state; its text is for the person
    QueueFull         as many wait as may wait
    Stale             a text that somebody else changed meanwhile: carries both, so that nothing is lost
  Unreadable          a file that is no recording; its text is for the person
"""

from __future__ import annotations


class IvrError(Exception):
    """Root of the tree. `str(error)` is one line for a person."""


class ConfigError(IvrError):
    """A settings file or option is wrong."""


class DialplanError(IvrError):
    """A flow cannot be loaded; `problems` has what `ivr check` shows."""

    def __init__(self, message: str, problems: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class PromptMissing(IvrError):
    """No recording of a prompt in the asked language."""


class SpeechUnavailable(IvrError):
    """Nothing can recognise this language now; the flow goes on with keys."""


class SpeechBusy(SpeechUnavailable):
    """Every recogniser has its hands full: this question is for keys, and the caller is told so."""


class StoreUnavailable(IvrError):
    """Redis or SQL cannot be reached."""


class NotAllowed(IvrError):
    """The account lacks the role."""


class NotFound(IvrError):
    """An id that names nothing."""


class Conflict(IvrError):
    """The command came too late, or in a state that does not allow it."""


class QueueFull(Conflict):
    """As many wait in the queue as may; nothing was changed."""


class Unreadable(IvrError):
    """What somebody brought is no recording that can be used; the words are for that person."""


class Stale(Conflict):
    """Somebody else saved or published first; nothing was changed, and here is what both wrote."""

    def __init__(
        self, message: str, *, yours: str, theirs: str, base: str | None, stamp: str, by: str = "", at: float | None = None
    ) -> None:
        super().__init__(message)
        self.yours, self.theirs = yours, theirs
        self.base = base
        """What both began with; None where it is not known."""
        self.stamp = stamp
        """To save with, once both texts were seen."""
        self.by, self.at = by, at
        """Who wrote `theirs`, and when in epoch seconds."""
