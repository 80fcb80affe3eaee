"""RTP, G.711, telephone events and clips. Pure: no socket, no clock, no randomness."""
