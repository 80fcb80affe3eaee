"""Bans of SIP sources that nodes share, and the trace of SIP messages, for operators."""
