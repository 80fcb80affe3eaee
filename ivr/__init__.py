"""The meaning of a call: dialplan, speech, queues, handover, records. Knows no socket."""
