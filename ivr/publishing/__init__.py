"""Versions of flows: what is live, who published it, and how every node comes to run the same."""
