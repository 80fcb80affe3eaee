"""One call from its first event to its record: joins the leg with flow, speech, queue and agent."""
