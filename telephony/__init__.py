"""The wire: SIP, RTP and WebRTC. Knows no menu, no queue and no database; `telephony.leg` is its only door to `ivr`."""
