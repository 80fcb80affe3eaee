"""What the HTTP API takes and gives: a table of operations for each room, and the OpenAPI document made of it."""
