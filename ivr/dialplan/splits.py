"""`go`: the first line that holds, and which arm of a split the caller got. Pure."""

from __future__ import annotations

from ivr.dialplan.expression import Template
from ivr.dialplan.flags import within
from ivr.dialplan.model import Branch, Edge, Go
from ivr.dialplan.run import Run


def line_taken(run: Run, go: Go) -> Edge | None:
    """The edge of the first line that holds; None where none does. Raises EvaluationError.

    The record tells the arm as a tag `split:NAME=TARGET`, also for callers that a split passed by.
    """
    scope, passed = run.scope(), dict[str, None]()
    for branch in go.branches:
        if branch.when is not None and not branch.when.holds(scope):
            continue
        if branch.share is not None:
            passed[branch.share.name] = None
            if not within(branch.share, run.state.call):
                continue
        for name in passed:
            run.tag_as(f"split:{name}={_arm(branch, run)}")
        return branch.edge
    return None


def _arm(branch: Branch, run: Run) -> str:
    to: Template | None = branch.edge.to
    return "again" if to is None else to.text(run.scope())
