"""What would we say: steps, routing, turns, conditions, placeholders."""
