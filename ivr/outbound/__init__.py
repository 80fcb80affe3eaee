"""Calls out that several nodes count together."""
