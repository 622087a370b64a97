/** Overview, in the order of an operator's questions: are we well, what waits, who is ill, what was given up. */
import type { DashboardPlan } from "./panel.ts";

const quantile = (share: number, histogram: string): string =>
  `histogram_quantile(${share}, sum by (le) (rate(${histogram}_bucket[$__rate_interval])))`;

const FIRST = "hookwave_first_attempt_delay_seconds";
const ATTEMPTS = "hookwave_attempts_total";
const WAITING = "max by (endpoint, reason) (hookwave_deliveries_waiting)";

export const overview: DashboardPlan = {
  uid: "hookwave-overview",
  title: "Overview",
  description: "Are we well, what waits, who is ill, and what was given up.",
  rows: {
    "Are we well?": [
      {
        title: "Error budget left",
        description:
          "Of the 0.1 % of events that may be attempted later than 5 s after they were accepted, over the time shown. Ours alone: what receivers hold back is not in it. Below 0 it is used up.",
        unit: "percentunit",
        shows: "now",
        queries: {
          [`1 - (1 - sum(rate(${FIRST}_bucket{le="5"}[$__range])) / sum(rate(${FIRST}_count[$__range]))) / 0.001`]:
            "left",
        },
      },
      {
        title: "Delivered at the first attempt",
        description:
          "The share of deliveries that needed no retry: the figure that nobody can game. It falls when receivers are ill.",
        unit: "percentunit",
        shows: "now",
        queries: {
          [`sum(rate(${ATTEMPTS}{attempt="first",outcome="delivered"}[$__range])) / sum(rate(${ATTEMPTS}{attempt="first"}[$__range]))`]:
            "at once",
        },
      },
      {
        title: "Overdue",
        description:
          "How late the entry is that was due first. Above a minute workers fall behind, or are gone: see the Fleet.",
        unit: "s",
        shows: "now",
        queries: { "max by (queue) (hookwave_queue_overdue_seconds)": "{{queue}}" },
      },
      {
        title: "Workers",
        description: "Heard of in the last half minute.",
        unit: "short",
        shows: "now",
        queries: { "sum(max by (version) (hookwave_workers))": "workers" },
      },
      {
        title: "Events and deliveries",
        description: "Published, delivered, and attempts that will be repeated, a second.",
        unit: "reqps",
        shows: "course",
        queries: {
          "sum(rate(hookwave_events_published_total[$__rate_interval]))": "published",
          [`sum(rate(${ATTEMPTS}{outcome="delivered"}[$__rate_interval]))`]: "delivered",
          "sum(rate(hookwave_retries_total[$__rate_interval]))": "to be repeated",
        },
      },
      {
        title: "First attempt after acceptance",
        description:
          "How soon an accepted event is on its way for the first time, where its receiver did not hold it back.",
        unit: "s",
        shows: "course",
        queries: {
          [quantile(0.5, FIRST)]: "p50",
          [quantile(0.95, FIRST)]: "p95",
          [quantile(0.99, FIRST)]: "p99",
        },
      },
      {
        title: "Delivered after acceptance",
        description: "Waits and retries included: what a receiver's users notice.",
        unit: "s",
        shows: "course",
        queries: {
          [quantile(0.5, "hookwave_delivery_latency_seconds")]: "p50",
          [quantile(0.99, "hookwave_delivery_latency_seconds")]: "p99",
        },
      },
      {
        title: "Duplicates refused",
        description: "Events that were published again under an id that was there, a second.",
        unit: "reqps",
        shows: "course",
        queries: { "sum(rate(hookwave_events_duplicated_total[$__rate_interval]))": "duplicated" },
      },
    ],
    "What waits?": [
      {
        title: "Deliveries that wait, by reason",
        description:
          "retry: booked for another attempt. breaker_open: the endpoint is ill. rate_limited: its rate is used up. busy: it has as many open as it takes. Of endpoints in trouble.",
        unit: "short",
        shows: "course",
        queries: { [`sum by (reason) (${WAITING})`]: "{{reason}}" },
      },
      {
        title: "Queues",
        description: "Jobs of new events (up to 64 events each), deliveries retried or held, dead letters.",
        unit: "short",
        shows: "course",
        queries: { "max by (queue) (hookwave_queue_depth)": "{{queue}}" },
      },
      {
        title: "Time to drain",
        description: "What waits, at the pace at which deliveries succeed now.",
        unit: "s",
        shows: "course",
        queries: {
          [`sum(max by (endpoint) (sum by (endpoint, instance) (hookwave_deliveries_waiting))) / sum(rate(${ATTEMPTS}{outcome="delivered"}[$__rate_interval]))`]:
            "all endpoints",
        },
      },
      {
        title: "Held back without an attempt",
        description:
          "Times a second that a delivery was held back, by reason. None of them is charged an attempt.",
        unit: "reqps",
        shows: "course",
        queries: { "sum by (reason) (rate(hookwave_holds_total[$__rate_interval]))": "{{reason}}" },
      },
    ],
    "What comes in?": [
      {
        title: "Callbacks by signature",
        description:
          "Received at /in, copies included. invalid and unsigned ones prove nothing of their sender.",
        unit: "short",
        shows: "course",
        queries: {
          "sum by (signature) (increase(hookwave_callbacks_total[$__rate_interval]))": "{{signature}}",
        },
      },
      {
        title: "Callbacks that are not valid, by source",
        description: "The ten sources of which most came that were invalid, or that have no secret.",
        unit: "short",
        shows: "course",
        queries: {
          'topk(10, sum by (source) (increase(hookwave_callbacks_total{signature!="valid"}[$__rate_interval])))':
            "{{source}}",
        },
      },
      {
        title: "Callbacks removed before their time",
        description: "To make room for others: of those that had been accepted.",
        unit: "short",
        shows: "course",
        queries: {
          "sum(increase(hookwave_callbacks_removed_total[$__rate_interval]))": "removed",
        },
      },
    ],
    "Who is ill, and what was given up?": [
      {
        title: "Failing endpoints",
        description: "The ten that have taken nothing for longest.",
        unit: "s",
        shows: "course",
        queries: { "topk(10, max by (endpoint) (hookwave_endpoint_failing_seconds))": "{{endpoint}}" },
      },
      {
        title: "Dead letters",
        description: "Given up in each interval, by reason. They are kept until they are replayed or purged.",
        unit: "short",
        shows: "course",
        queries: {
          "sum by (reason) (increase(hookwave_dead_letters_total[$__rate_interval]))": "{{reason}}",
        },
      },
    ],
  },
};
