"""The admin API: flows, texts, versions, prompts, simulations, settings; docs/admin-api.md says the rest. Pure."""

from __future__ import annotations

from ivr.web.openapi.operation import ADMINS, READERS, Op
from ivr.web.openapi.shapes import Shape

A = "/api/v1/admin"
FLOW = f"{A}/flows/{{flow}}"
ONE = f"{A}/prompts/{{language}}/{{name}}"
STAMP = "text 100"
NOTE = "text 2000"
TEXT = "text"
HEAVY = (409, 413, 422, 501)
PROBLEMS: Shape = ["object"]

FLOWS = (
    Op(f"GET {A}/flows", "Every flow", READERS, answer={"flows": ["object"]}),
    Op(f"POST {A}/flows", "Begin a flow", ADMINS, body={"name": "text 64", "text?": TEXT}, status=201, fails=HEAVY),
    Op(f"GET {FLOW}", "A flow with its texts", READERS, fails=(501,)),
    Op(f"DELETE {FLOW}", "No new call begins with it", ADMINS, query={"note?": NOTE}, fails=(501,)),
    Op(f"PUT {FLOW}/draft", "Keep a draft", ADMINS, body={"text": TEXT, "stamp": STAMP}, fails=HEAVY),
    Op(f"DELETE {FLOW}/draft", "Back to what is live", ADMINS, query={"stamp?": STAMP}, fails=(501,)),
    Op(f"PUT {FLOW}/test", "Write the tests of a flow", ADMINS, body={"text": TEXT, "stamp": STAMP}, fails=HEAVY),
    Op(f"POST {FLOW}/test/run", "Run the tests of a flow", READERS, body={"text?": TEXT, "test?": TEXT}, fails=HEAVY),
    Op(
        f"GET {FLOW}/versions",
        "Versions, the newest first",
        READERS,
        query={"before?": "int 1..", "limit?": "int 1.."},
        fails=(501,),
    ),
    Op(f"GET {FLOW}/versions/{{number}}", "One version with its text", READERS, fails=(501,)),
    Op(f"GET {FLOW}/diff", "Differences of any two", READERS, query={"from?": "text", "to?": "text"}, fails=(501,)),
    Op(
        f"POST {FLOW}/publish",
        "Publish the draft",
        ADMINS,
        body={"stamp": STAMP, "note?": NOTE, "percent?": "int 0..100", "at?": "time?", "until?": "time?"},
        fails=HEAVY,
    ),
    Op(
        f"POST {FLOW}/rollout",
        "Change the share of a roll-out",
        ADMINS,
        body={"number": "int 1..", "percent": "int 0..100"},
        fails=(
            422,
            501,
        ),
    ),
    Op(
        f"POST {FLOW}/rollback",
        "An earlier version is live again",
        ADMINS,
        body={"number?": "int?", "note?": NOTE},
        fails=(
            422,
            501,
        ),
    ),
    Op(f"DELETE {FLOW}/schedule/{{number}}", "Take back what is to begin later", ADMINS, fails=(501,)),
    Op(f"GET {FLOW}/counts", "How callers went today, or on a day", READERS, query={"day?": "text"}, fails=(501,)),
    Op(
        f"POST {A}/publish",
        "Publish several flows together or not at all",
        ADMINS,
        body={
            "texts": {"*": TEXT},
            "base?": "object",
            "note?": NOTE,
            "percent?": "int 0..100",
            "at?": "time?",
            "until?": "time?",
        },
        fails=HEAVY,
    ),
    Op(f"GET {A}/nodes", "Who runs which version", READERS, fails=(501,)),
    Op(f"GET {A}/changes", "What was done to versions, on all nodes", READERS, query={"limit?": "int 1.."}, fails=(501,)),
)

WRITING = (
    Op(f"POST {A}/check", "Check a text", READERS, body={"text": TEXT, "name?": "text 64"}, fails=HEAVY),
    Op(f"POST {A}/format", "Format a text", READERS, body={"text": TEXT}, fails=HEAVY),
    Op(
        f"POST {A}/diagram",
        "Draw a text",
        READERS,
        body={
            "text": TEXT,
            "language?": "text 16",
            "inherited?": "bool",
            "direction?": "down|right",
            "counts?": "bool",
            "coverage?": "any",
        },
        fails=HEAVY,
    ),
    Op(f"GET {A}/schema", "JSON schema of a flow", READERS, fails=(304,)),
    Op(f"GET {A}/names", "What a name may be", READERS, fails=(501,)),
    Op(
        f"POST {A}/simulations",
        "Begin a conversation with a text",
        READERS,
        body={
            "flow": "text 64",
            "text?": TEXT,
            "language?": "text 16",
            "at?": "iso",
            "caller?": "object",
            "called?": "text",
            "profile?": "object",
            "profile_delay?": "number 0..",
            "lookups?": "object",
            "flags?": "object",
            "values?": "object",
            "asr?": ["text"],
        },
        fails=HEAVY,
    ),
    Op(
        f"POST {A}/simulations/{{id}}",
        "Act in it",
        READERS,
        body={
            "act": "say|press|wait|hang_up|queue|restart",
            "text?": "text",
            "keys?": "text",
            "seconds?": "number 0..",
            "outcome?": "text",
            "mood?": "text",
            "confidence?": "number 0..1",
        },
        fails=HEAVY,
    ),
    Op(f"DELETE {A}/simulations/{{id}}", "End it", READERS),
)

PROMPTS = (
    Op(f"GET {A}/prompts", "Every prompt", READERS, query={"values?": "0|1"}, fails=(501,)),
    Op(f"GET {ONE}", "One with its history", READERS, fails=(501,)),
    Op(f"PUT {ONE}/text", "Its words", ADMINS, body={"text": "text", "stamp": STAMP}, fails=HEAVY),
    Op(
        f"GET {ONE}/audio",
        "Its sound",
        READERS,
        query={"version?": "text 64", "rate?": "int 8000.."},
        gives=("audio/wav",),
        fails=(501,),
    ),
    Op(
        f"PUT {ONE}/audio",
        "Record it: the file itself is the body",
        ADMINS,
        query={"trim?": "0|1", "level?": "0|1", "rate?": "int 8000..", "stamp?": STAMP, "source?": "upload|microphone"},
        body="any",
        takes="application/octet-stream",
        fails=(413, 415, 501),
    ),
    Op(f"DELETE {ONE}/audio", "Remove its sound", ADMINS, query={"stamp?": STAMP, "force?": "0|1"}, fails=(501,)),
    Op(
        f"POST {ONE}/render",
        "Have it spoken by the voice",
        ADMINS,
        body={"text?": "text", "voice?": "text 64", "stamp": STAMP},
        fails=HEAVY,
    ),
    Op(f"POST {ONE}/undo", "An earlier recording again", ADMINS, body={"version?": "text 64", "stamp": STAMP}, fails=HEAVY),
    Op(
        f"POST {A}/prompts/preview",
        "Hear a text: its recordings, else the voice",
        READERS,
        body={"text": "text", "language": "text 16"},
        gives=("audio/wav",),
        fails=HEAVY,
    ),
)

SETTINGS = (
    Op(f"GET {A}/session", "Who is here, and what this server has", READERS, answer={"account": "object", "may_write": "bool"}),
    Op(f"GET {A}/configuration", "Parts of the settings that have a form", READERS, answer={"parts": ["object"]}, fails=(501,)),
    Op(f"GET {A}/configuration/{{part}}", "One with its values and schema", READERS, fails=(501,)),
    Op(
        f"PUT {A}/configuration/{{part}}",
        "Write one",
        ADMINS,
        body={"stamp": STAMP, "value": "any", "note?": NOTE},
        fails=HEAVY,
    ),
    Op(
        f"GET {A}/audit",
        "Who changed what, the newest first",
        ADMINS,
        query={"limit?": "int 1.."},
        answer={"lines": ["object"]},
    ),
)

OPS = (*FLOWS, *WRITING, *PROMPTS, *SETTINGS)
