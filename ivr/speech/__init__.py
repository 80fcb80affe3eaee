"""Hearing and speaking: recognition, end-pointing, prompts, voices, models."""
