"""Flows as data: typed steps, a pure state machine, the checks and the loader."""
