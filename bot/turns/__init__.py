"""Hears one thing (a text, a timer, a receipt) and settles it in one transaction.

Between `web | jobs | cli`, which bring what happened, and `effects`, which say what follows.
"""
