"""What is written: threads of messages by chat, e-mail and webhook, tickets with their clocks, one timeline a customer."""
