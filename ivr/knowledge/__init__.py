"""Knowledge cards: found by words (BM25), put before the agent by what is being said, the most used first."""
