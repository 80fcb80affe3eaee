"""Legs made of a protocol and a media path: SIP dialogs, browsers, and the bridge between them."""
