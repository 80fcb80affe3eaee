"""asyncio shells around the pure cores: they move bytes and decide nothing."""
