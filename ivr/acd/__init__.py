"""Queues, agents, skills and the atomic moves between them."""
