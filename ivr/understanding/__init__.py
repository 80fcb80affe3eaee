"""What words mean: intent now, mood and triggers later."""
