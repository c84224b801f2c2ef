"""Run the simulated carrier: `python -m bot.channels.simulator --help`.

It prints one line of JSON with its address once it listens, and stops on SIGTERM or Ctrl-C.
The clock and the dice of this program are read here and nowhere else in it.
"""

from __future__ import annotations

import argparse
import json
import secrets
import signal
import sys
import time

from werkzeug.serving import make_server

from bot.channels.simulator import ACCOUNT, TOKEN
from bot.channels.simulator.books import Books
from bot.channels.simulator.network import Identity, Network, Sender
from bot.channels.simulator.postman import Postman
from bot.channels.simulator.server import Clock, PatientHandler, inbound_url, make_app


def main() -> None:
    options = _options()
    books = Books(options.books)
    clock = Clock(lambda: time.time_ns() // 1_000_000, options.clock_offset_ms or books.offset_ms)
    identity = Identity(
        options.account,
        options.token,
        inbound_url(options.webhook),
        tuple(map(inbound_url, options.fallback)),
        dict(_sender(text) for text in options.sender),
    )
    postman = Postman(options.token, options.webhook, lambda: secrets.token_hex(16))
    network = Network(identity, books, postman, clock.now_ms, secrets.token_hex(8))
    server = make_server(
        "127.0.0.1",
        options.port,
        make_app(network, clock),
        threaded=True,
        request_handler=PatientHandler,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        network.agenda.close()
        books.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.channels.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--webhook", required=True, help="the app: http://127.0.0.1:8000")
    parser.add_argument("--fallback", action="append", default=[], help="tried after the webhook")
    parser.add_argument("--account", default=ACCOUNT)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--books", default=":memory:", help="the file of the carrier's books")
    parser.add_argument("--clock-offset-ms", type=int, default=0)
    parser.add_argument(
        "--sender",
        action="append",
        default=[],
        metavar="NUMBER=PRESET[:MG..]",
        help="a number of the account and who answers STOP for it; repeat for each",
    )
    return parser.parse_args()


def _sender(text: str) -> tuple[str, Sender]:
    number, _, rest = text.partition("=")
    preset, _, service = rest.partition(":")
    return number, Sender(preset or "short_code", service or None)


if __name__ == "__main__":
    main()
