"""A carrier that is not one: Twilio's REST for messages, its webhooks and its faults, on loopback.

    python -m bot.channels.simulator --port 0 --webhook http://127.0.0.1:8000 \\
        --account AC.. --token .. --books .parley/carrier.db

It stands outside the house, as Twilio does: nothing of Parley imports it but `carrier.py`, and it
shares no table and no code with what it tests, save the list of words that Twilio answers itself.
Its books outlive it, so that a crash test can lay them beside ours.

- `books.py` what the carrier knows, kept in a file of its own
- `faults.py` what goes wrong, how often, and with which dice
- `agenda.py` what is due when, on the carrier's own clock
- `postman.py` signed webhooks, with Twilio's repeats and the fallback address
- `network.py` texts in, messages out, who is blocked
- `server.py` all of it over HTTP
"""

# The account of the simulated carrier where the settings name none. It opens nothing but a
# program on the same machine that pretends to be a carrier.
ACCOUNT = "AC" + "5" * 32
TOKEN = "simulated-carrier-token"
