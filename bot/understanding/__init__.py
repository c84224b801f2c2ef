"""Words to meaning: keywords, typed answers, repair words and the language of a text. Pure."""
