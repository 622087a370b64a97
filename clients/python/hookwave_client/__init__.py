"""Publishes events to a Hookwave service over HTTP, and reads what became of them.

`publish` repeats a request under the same id while the service does not answer or says that it cannot now, so that an event
is stored once however often it was sent. All else is the generated client in `hookwave_client.api`, called with `.api`.
"""

import json
import time
import uuid

import httpx

from .api import AuthenticatedClient, Client

__all__ = ["Hookwave", "Refused"]

FIRST_WAIT_SECONDS = 0.2
WAIT_MAX_SECONDS = 10.0


class Refused(Exception):
    """An answer other than yes, or the end of all tries. `id` is the event's: publish again under it."""

    def __init__(self, id, status, problem):
        self.id, self.status, self.problem = id, status, problem
        said = problem.get("detail", "no answer" if status is None else f"HTTP {status} from something else")
        super().__init__(f"{problem.get('code', 'API_UNAVAILABLE')}: {said} (event {id})")


class Hookwave:
    """A client for the service at `url`. `key` is an API key of it; None where it has none."""

    def __init__(self, url="http://127.0.0.1:8420", key=None, *, tries=4, timeout_seconds=10.0):
        self._tries = tries
        asked = {"base_url": url.rstrip("/"), "timeout": httpx.Timeout(timeout_seconds)}
        # A redirect would take the key elsewhere. The header: docs/klipstream.md.
        asked.update(headers={"Hookwave-Api": "1"}, follow_redirects=False)
        self.api = Client(**asked) if key is None else AuthenticatedClient(token=key, **asked)

    def publish(self, type, data, *, id=None, timestamp=None, expires_at=None, durability=None):
        """The event's id, once it is stored. Times are RFC 3339 texts. Raises Refused."""
        optional = {"timestamp": timestamp, "expires_at": expires_at}
        event = {"id": id or f"evt_{uuid.uuid4().hex}", "type": type, "data": data}
        event.update({name: value for name, value in optional.items() if value is not None})
        body = json.dumps(event, ensure_ascii=False, allow_nan=False).encode()
        for nth in range(1, self._tries + 1):
            status, problem, wait = self._ask(body, durability)
            if status == 202:
                return event["id"]
            is_final = status is not None and status != 429 and status < 500
            if is_final or nth == self._tries:
                raise Refused(event["id"], status, problem)
            time.sleep(min(FIRST_WAIT_SECONDS * 2 ** (nth - 1) if wait is None else wait, WAIT_MAX_SECONDS))

    def _ask(self, body, durability):
        query = {} if durability is None else {"durability": durability}
        headers = {"content-type": "application/json"}
        http = self.api.get_httpx_client()
        try:
            answer = http.post("/api/v1/events", content=body, params=query, headers=headers)
        except httpx.TransportError:
            return None, {}, None
        after = answer.headers.get("retry-after", "")
        try:
            said = answer.json()
        except ValueError:
            # Something before the service has answered, with a page.
            said = None
        return answer.status_code, said if isinstance(said, dict) else {}, int(after) if after.isdecimal() else None
