"""Who may sign in and what they may do: local accounts, second factors, API tokens, sessions, and the record of changes."""
