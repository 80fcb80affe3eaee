"""`ivr phone`: a telephone on the gateway's own core, for whoever sets Hotline up and for its tests.

cli       the command line
line      one telephone line: the gateway behind it
calling   a call, from dialling or answering to its report
keys      when which keys are pressed: PURE
measure   what was heard, in numbers: PURE
report    what a call came to, for people and for programs
"""
