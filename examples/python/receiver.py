"""A receiver with nothing but Python's standard library: WEBHOOK_SECRET=whsec_… python3 examples/python/receiver.py

Standard Webhooks 1.0: verify the bytes as they arrived, handle each event once, answer fast.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Both, while the sender moves from one to the other.
SECRETS = [secret for name in ("WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS") if (secret := os.environ.get(name))]
TOLERANCE_SECONDS = 300
MAX_BODY_BYTES = 1024 * 1024


def key_of(secret: str) -> bytes:
    prefix = "whsec_"
    if secret.startswith(prefix):
        return base64.b64decode(secret[len(prefix):], validate=True)
    return secret.encode()


def verify(headers, body: bytes) -> dict:
    """Returns the event; raises ValueError with the check that failed, and never with a secret."""
    event_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", event_id):
        raise ValueError("webhook-id")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise ValueError("webhook-timestamp")
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        raise ValueError("webhook-timestamp is too far from now")

    signed = f"{event_id}.{timestamp}.".encode() + body
    expected = [
        "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()
        for secret in SECRETS
    ]
    given = headers.get("webhook-signature", "").split(" ")[:16]
    # Every pair is compared, in constant time: which one fitted is not to be heard in the timing.
    fits = [hmac.compare_digest(one.encode(), other.encode()) for one in given for other in expected]
    if not any(fits):
        raise ValueError("webhook-signature")
    event = json.loads(body)
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise ValueError("the body is no event")
    return {"id": event_id, **event}


class Inbox:
    """Handles each event once per process; keep the ids in a table where they must outlive it."""

    def __init__(self, handle):
        self._handle = handle
        self._states = {}
        self._lock = threading.Lock()

    def process(self, event: dict) -> str:
        with self._lock:
            state = self._states.setdefault(event["id"], "new")
            if state != "new":
                return state
            self._states[event["id"]] = "busy"
        try:
            self._handle(event)
        except BaseException:
            with self._lock:
                del self._states[event["id"]]
            raise
        with self._lock:
            self._states[event["id"]] = "done"
        return "done"


def handle(event: dict) -> None:
    # In one write, newline included: requests are handled side by side.
    print(f"handled {event['type']} {event['id']}\n", end="", flush=True)


INBOX = Inbox(handle)


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not re.fullmatch(r"[0-9]{1,9}", length) or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            return self.answer(413 if length else 411)
        body = self.rfile.read(int(length))
        try:
            event = verify(self.headers, body)
        except ValueError as problem:
            print(f"refused: {problem}", file=sys.stderr, flush=True)
            return self.answer(401)
        try:
            state = INBOX.process(event)
        except Exception as problem:
            print(f"failed: {type(problem).__name__}", file=sys.stderr, flush=True)
            return self.answer(500)
        self.answer(200 if state == "done" else 409)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        if status == 409:
            self.send_header("retry-after", "30")
        self.end_headers()

    def log_message(self, *_) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Receiver)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
