"""Words to meaning: folding, keywords, repair, language and typed answers."""
