"""The wallboard: what happens on all nodes at once, how each number is defined, and who is told when something is wrong."""
