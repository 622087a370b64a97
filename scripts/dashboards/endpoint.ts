/** Endpoint: all that is known of one receiver. */
import type { DashboardPlan } from "./panel.ts";

const OWN = `{endpoint=~"$endpoint"}`;

export const endpoint: DashboardPlan = {
  uid: "hookwave-endpoint",
  title: "Endpoint",
  description: "All that is known of one receiver.",
  variables: { endpoint: "label_values(hookwave_attempts_total, endpoint)" },
  rows: {
    "Does it take what it is sent?": [
      {
        title: "Taken at the first attempt",
        description: "The share of first attempts that it answered with 2xx.",
        unit: "percentunit",
        shows: "now",
        queries: {
          [`sum(rate(hookwave_attempts_total{endpoint=~"$endpoint",attempt="first",outcome="delivered"}[$__range])) / sum(rate(hookwave_attempts_total{endpoint=~"$endpoint",attempt="first"}[$__range]))`]:
            "at once",
        },
      },
      {
        title: "Failing for",
        description: "Since its first failure after its last success. Empty while it is well.",
        unit: "s",
        shows: "now",
        queries: { [`max by (endpoint) (hookwave_endpoint_failing_seconds${OWN})`]: "{{endpoint}}" },
      },
      {
        title: "Breaker",
        description: "0 closed, 1 half-open (a probe is out), 2 open: nothing is sent until the next probe.",
        unit: "short",
        shows: "now",
        queries: { [`max by (endpoint) (hookwave_circuit_breaker_state${OWN})`]: "{{endpoint}}" },
      },
      {
        title: "Certificate ends in",
        description: "Of the certificate that it showed a worker last.",
        unit: "d",
        shows: "now",
        queries: { [`min by (endpoint) (hookwave_tls_expiry_seconds${OWN}) / 86400`]: "{{endpoint}}" },
      },
      {
        title: "Attempts by outcome",
        description:
          "A second: delivered, refused (it answered, but not 2xx), unreachable, blocked (we refuse its address).",
        unit: "reqps",
        shows: "course",
        queries: {
          [`sum by (outcome) (rate(hookwave_attempts_total${OWN}[$__rate_interval]))`]: "{{outcome}}",
        },
      },
      {
        title: "Attempts by status",
        description: "The class of what it answers; none where nothing came.",
        unit: "reqps",
        shows: "course",
        queries: {
          [`sum by (status_class) (rate(hookwave_attempts_total${OWN}[$__rate_interval]))`]:
            "{{status_class}}",
        },
      },
      {
        title: "On its way to being disabled",
        description:
          "The part of DISABLE_AFTER for which it has failed without one success. At 100 % it is disabled.",
        unit: "percentunit",
        shows: "course",
        queries: { [`max by (endpoint) (hookwave_endpoint_disabling_ratio${OWN})`]: "{{endpoint}}" },
      },
    ],
    "What waits for it?": [
      {
        title: "Deliveries that wait, by reason",
        description: "See the Overview for what the reasons say.",
        unit: "short",
        shows: "course",
        queries: { [`max by (reason) (hookwave_deliveries_waiting${OWN})`]: "{{reason}}" },
      },
      {
        title: "The oldest of them",
        description: "Since it was accepted. At HOLD_MAX_AGE (24 h) it becomes a dead letter.",
        unit: "s",
        shows: "course",
        queries: { [`max by (endpoint) (hookwave_oldest_owed_age_seconds${OWN})`]: "{{endpoint}}" },
      },
    ],
  },
};
