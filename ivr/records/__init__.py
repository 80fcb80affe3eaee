"""What is kept after a call: contacts and their turns, in SQL."""
