"""How long the carrier may hold a text before it gives up: no offer is to ring at night.

A carrier queues for hours. A marketing text that was released at 21:50 must not be delivered at
23:00, so it is valid only for what is left of the allowed hours.
"""
