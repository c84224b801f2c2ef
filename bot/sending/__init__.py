"""The way out: the gate, the outbox and its states, parts, pacing and delivery."""
