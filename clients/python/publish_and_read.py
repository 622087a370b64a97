"""Run by test/package/clients.deep.test.ts beside a service, the first answer of which is 503."""

import os
import time

from hookwave_client import Hookwave, Refused
from hookwave_client.api.api.webhooks import list_webhook_logs

hookwave = Hookwave(os.environ["HOOKWAVE_URL"], os.environ["HOOKWAVE_API_KEY"])
event_id = hookwave.publish("invoice.paid", {"invoice": "in_42"})

end = time.monotonic() + 30
rows = []
while not rows and time.monotonic() < end:
    rows = list_webhook_logs.sync("acme", client=hookwave.api).data
    time.sleep(0.02)
assert [(row.event_id, row.status.value) for row in rows] == [(event_id, "delivered")], rows

try:
    hookwave.publish("no type", 1)
    raise SystemExit("expected a refusal")
except Refused as refused:
    assert refused.problem["code"] == "EVENT_INVALID", refused
print(event_id)
