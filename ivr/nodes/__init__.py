"""Several nodes as one: what one asks another to do for its callers and its agents."""
