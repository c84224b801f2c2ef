"""YAML to brands and flows; every complaint with its file, line and column, all of them at once."""
