"""Transcripts: conversations written down by a marketer that run as tests on the real stack."""
