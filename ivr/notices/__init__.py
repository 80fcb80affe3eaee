"""Messages to people outside a call: SMS, e-mail and webhooks, out of an outbox that tries again."""
