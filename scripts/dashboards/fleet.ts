/** Fleet: the processes, their Redis and their API. */
import type { DashboardPlan } from "./panel.ts";

const p99 = (histogram: string, by = ""): string =>
  `histogram_quantile(0.99, sum by (le${by}) (rate(${histogram}_bucket[$__rate_interval])))`;

export const fleet: DashboardPlan = {
  uid: "hookwave-fleet",
  title: "Fleet",
  description: "The processes, their Redis and their API.",
  rows: {
    Processes: [
      {
        title: "Workers by version",
        description: "Two versions for longer than an upgrade takes are a forgotten process.",
        unit: "short",
        shows: "course",
        queries: { "max by (version) (hookwave_workers)": "{{version}}" },
      },
      {
        title: "Processes by version",
        description: "Every process that is scraped, with its Node.",
        unit: "short",
        shows: "course",
        queries: { "count by (version, node) (hookwave_build_info)": "{{version}} on Node {{node}}" },
      },
      {
        title: "Open POSTs",
        description: "Of each process.",
        unit: "short",
        shows: "course",
        queries: { "sum by (instance) (hookwave_in_flight)": "{{instance}}" },
      },
      {
        title: "An attempt takes",
        description: "The whole exchange with the receiver, over all endpoints.",
        unit: "s",
        shows: "course",
        queries: {
          "histogram_quantile(0.5, sum by (le) (rate(hookwave_attempt_duration_seconds_bucket[$__rate_interval])))":
            "p50",
          [p99("hookwave_attempt_duration_seconds")]: "p99",
        },
      },
      {
        title: "CPU",
        description: "Cores of each process: one is all that its event loop can use.",
        unit: "short",
        shows: "course",
        queries: {
          "sum by (instance) (rate(process_cpu_seconds_total[$__rate_interval]))": "{{instance}}",
        },
      },
      {
        title: "Event loop late by",
        description: "The 99th percentile. Above 0.1 s everything is late, and only another worker helps.",
        unit: "s",
        shows: "course",
        queries: { "max by (instance) (nodejs_eventloop_lag_p99_seconds)": "{{instance}}" },
      },
      {
        title: "Memory",
        description: "Resident, of each process.",
        unit: "bytes",
        shows: "course",
        queries: { "max by (instance) (process_resident_memory_bytes)": "{{instance}}" },
      },
      {
        title: "Failures of our own",
        description: "In each interval; the log says which (service.failed, redis.lost).",
        unit: "short",
        shows: "course",
        queries: {
          "sum by (instance) (increase(hookwave_service_failures_total[$__rate_interval]))": "{{instance}}",
        },
      },
      {
        title: "Lines missing in the log",
        description: "Each second: its disk is full, or nobody reads it. Deliveries go on.",
        unit: "short",
        shows: "course",
        queries: {
          "sum by (instance) (rate(hookwave_log_lines_dropped_total[$__rate_interval]))": "{{instance}}",
        },
      },
      {
        title: "Clock",
        description: "Its lead over that of Redis. At 2 s a worker stops taking jobs.",
        unit: "s",
        shows: "course",
        queries: { "max by (instance) (hookwave_clock_skew_seconds)": "{{instance}}" },
      },
    ],
    Redis: [
      {
        title: "Keeps its append-only file",
        description: "Off while it cannot write or rewrite it: what was accepted could be lost.",
        unit: "bool_on_off",
        shows: "now",
        queries: { "min(hookwave_redis_aof_ok)": "AOF" },
      },
      {
        title: "Evicts nothing",
        description: "Off with any other policy than noeviction.",
        unit: "bool_on_off",
        shows: "now",
        queries: { "min(hookwave_redis_evicts_nothing)": "noeviction" },
      },
      {
        title: "Memory of Redis",
        description: "Used, and what it may use (0: no limit).",
        unit: "bytes",
        shows: "course",
        queries: {
          "max(hookwave_redis_memory_bytes)": "used",
          "max(hookwave_redis_memory_max_bytes)": "allowed",
        },
      },
    ],
    API: [
      {
        title: "Requests by status",
        description: "A second. 5xx are ours; 4xx are the callers'.",
        unit: "reqps",
        shows: "course",
        queries: {
          "sum by (status_class) (rate(hookwave_api_requests_total[$__rate_interval]))": "{{status_class}}",
        },
      },
      {
        title: "Answered within, by route",
        description: "The 99th percentile of the ten slowest routes.",
        unit: "s",
        shows: "course",
        queries: { [`topk(10, ${p99("hookwave_api_request_duration_seconds", ", route")})`]: "{{route}}" },
      },
    ],
  },
};
