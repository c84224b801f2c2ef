"""Every exemption from a rule about the code, with its reason. There is no other place for one.

An exemption that is no longer needed fails a test, so this page only ever tells the truth.
"""

from __future__ import annotations

# Modules that may read the system's clock or randomness, besides bot.wiring.
CLOCK_AND_CHANCE: dict[str, str] = {
    "bot.datafolder": "makes the master key at the first start, before anything is wired",
    "bot.channels.simulator": "plays the carrier, another company's computer with its own clock",
}

# Modules that may speak SQL, besides bot.store and bot.measures.
SQL: dict[str, str] = {
    "bot.bench": "its floor is a bare application with one statement, to measure ours by",
    "bot.channels.simulator": "keeps the books of the simulated carrier, which are not ours",
}

# Modules that may read the environment, besides bot.settings.
ENVIRONMENT: dict[str, str] = {
    "bot.bench": "its floor is a program apart, told by the bench what to be",
    "bot.children": "hands the environment on to its children, without the secrets",
    "bot.supervisor": "hands the environment on to its parts, with the addresses it settled",
}

# Files over about 400 lines, and functions over about 40 without their docstring. A name stands for
# everything inside it.
LONG: dict[str, str] = {
    "bot.store.migrations.versions": "a migration is one long list, written once and never changed",
}

# Telephone numbers that are not in a range of fiction.
NUMBERS: dict[str, str] = {
    "+14158675309": "part of the signature example that Twilio publishes; it cannot be changed",
    "+14158675310": "part of the signature example that Twilio publishes; it cannot be changed",
    "+18005551212": "part of the signature example that Twilio publishes; it cannot be changed",
}
