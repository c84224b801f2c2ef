"""Jobs: what workers do. One RQ job a file, shallow: take what is wired, call a room, end.

The SQL outbox is the truth; Redis only wakes workers. Every job may be lost, run late, run twice or
be killed inside: what it does is idempotent, and the clock asks for it again.
"""
