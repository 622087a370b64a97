/** Migration: from the bus to webhooks and back. */
import type { DashboardPlan } from "./panel.ts";

export const migration: DashboardPlan = {
  uid: "hookwave-migration",
  title: "Migration",
  description: "From the bus to webhooks and back: docs/migration.md is its runbook.",
  rows: {
    "Where are we, and is anything missing?": [
      {
        title: "Phase",
        description: "The phase that the processes obey. Two at once last no longer than two seconds.",
        unit: "short",
        shows: "now",
        queries: { "max by (phase) (hookwave_migration_phase) == 1": "{{phase}}" },
      },
      {
        title: "Missing",
        description:
          "Events that came by one way and not by the other in time. `hookwave migration report` lists them.",
        unit: "short",
        shows: "now",
        queries: { "max(hookwave_parity_missing)": "events" },
      },
      {
        title: "Listeners of the channel",
        description: "At the last event. 0: nobody listens.",
        unit: "short",
        shows: "now",
        queries: { "max(hookwave_bus_receivers)": "listeners" },
      },
      {
        title: "Entries in the list",
        description: "After the last push. At LEGACY_REDIS_LIST_MAX (100,000) nothing more is pushed.",
        unit: "short",
        shows: "now",
        queries: { "max(hookwave_bus_list_length)": "entries" },
      },
      {
        title: "Onto the bus",
        description: "Events a second: written, failed (tried again later), full (no room in the list).",
        unit: "reqps",
        shows: "course",
        queries: { "sum by (result) (rate(hookwave_bus_writes_total[$__rate_interval]))": "{{result}}" },
      },
      {
        title: "By webhook",
        description: "Deliveries a second, beside what goes onto the bus.",
        unit: "reqps",
        shows: "course",
        queries: {
          'sum(rate(hookwave_attempts_total{outcome="delivered"}[$__rate_interval]))': "delivered",
        },
      },
    ],
  },
};
