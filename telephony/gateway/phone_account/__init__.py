"""An extension of a PBX, held by pyVoIP in a child process, whose calls are legs like any other.

account    PhoneAccount: starts the child, watches it, starts it anew; owns the legs and their RTP ports
leg        one call as a `telephony.leg.CallLeg`
notes      what parent and child write to each other: one JSON object a line
child      the child: pyVoIP, and the loop between it, the wire and the parent
phone      pyVoIP's classes, without their own sockets, audio threads and timers
interpreter  says to the wire what pyVoIP means, and to pyVoIP what it can understand. Pure
"""
