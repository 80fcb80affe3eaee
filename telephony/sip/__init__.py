"""SIP after RFC 3261: messages, digest, transactions, dialogs, offers. Pure: bytes and `now` in, bytes and deadlines out."""
