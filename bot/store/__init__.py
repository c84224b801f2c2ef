"""The only SQL: tables, migrations, one file a subject. SQLite and PostgreSQL, the same code."""
