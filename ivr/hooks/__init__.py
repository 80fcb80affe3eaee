"""Tells other systems what happens here: events, kept in SQL, and signed webhooks that bring them there."""
