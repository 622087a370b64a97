/** Scenarios for grafana/alerts.yml: one in which each alert fires, and one in which none does. */

/** Series → values in promtool's notation, one a minute. */
export type Series = Readonly<Record<string, string>>;

/** An alert that fires after so long, with its labels beside the severity, and its summary. */
export interface Firing {
  readonly alert: string;
  readonly at: string;
  readonly series: Series;
  readonly labels?: Readonly<Record<string, string>>;
  readonly severity: "page" | "ticket";
  readonly summary: string;
}

const attempts = 'hookwave_attempts_total{endpoint="ep_1",outcome="delivered"}';
export const FIRING: readonly Firing[] = [
  {
    alert: "HookwaveFirstAttemptSlow",
    at: "70m",
    series: {
      'hookwave_first_attempt_delay_seconds_bucket{le="5"}': "0+97x90",
      hookwave_first_attempt_delay_seconds_count: "0+100x90",
    },
    severity: "page",
    summary: "3% of events were first attempted later than 5 s after they were accepted (objective: 0.1 %)",
  },
  {
    alert: "HookwaveNothingDelivers",
    at: "20m",
    series: { 'hookwave_queue_overdue_seconds{queue="new"}': "0x5 0+60x30", [attempts]: "0+9x5 45x40" },
    severity: "page",
    summary: "what is due has been waiting for 14m 0s, and no attempt finished in two minutes",
  },
  {
    alert: "HookwaveNoWorker",
    at: "15m",
    series: {
      'hookwave_workers{version="1.0.0"}': "2x9 stale",
      'hookwave_workers{version="none"}': "_x10 0x20",
    },
    severity: "page",
    summary: "0 workers were heard of in the last half minute",
  },
  {
    alert: "HookwaveNoApi",
    at: "15m",
    series: { 'up{job="hookwave-api",instance="a"}': "1x9 0x20" },
    labels: { job: "hookwave-api" },
    severity: "page",
    summary: "no process of hookwave-api answers (last known: 0)",
  },
  {
    alert: "HookwaveRedisUnsafe",
    at: "15m",
    series: { hookwave_redis_evicts_nothing: "1x9 0x20" },
    labels: { cause: "eviction" },
    severity: "page",
    summary: "Redis may throw accepted events away: evicts_nothing is 0",
  },
  {
    alert: "HookwaveRedisUnsafe",
    at: "15m",
    series: { hookwave_redis_aof_ok: "1x9 0x20" },
    labels: { cause: "aof" },
    severity: "page",
    summary: "Redis cannot write its append-only file: aof_ok is 0",
  },
  {
    alert: "HookwaveRedisUnsafe",
    at: "90m",
    series: { hookwave_redis_memory_bytes: "800+1x120", hookwave_redis_memory_max_bytes: "1000x120" },
    labels: { cause: "memory" },
    severity: "page",
    summary: "Redis uses 89% of its memory, and is full, or will be within four hours",
  },
  {
    alert: "HookwaveServiceFailures",
    at: "15m",
    series: { hookwave_service_failures_total: "0x3 0+1x20" },
    severity: "page",
    summary: "2 failures of our own in two minutes, and for five",
  },
  {
    alert: "HookwaveDeadLettersGrow",
    at: "30m",
    series: { 'hookwave_dead_letters_total{reason="exhausted"}': "0+2x40" },
    labels: { reason: "exhausted" },
    severity: "ticket",
    summary: "60 deliveries were given up within an hour (exhausted)",
  },
  {
    alert: "HookwaveEndpointDown",
    at: "20m",
    series: {
      'hookwave_endpoint_failing_seconds{endpoint="ep_1"}': "0+60x40",
      'hookwave_deliveries_waiting{endpoint="ep_1",reason="retry"}': "1x40",
    },
    labels: { endpoint: "ep_1" },
    severity: "ticket",
    summary: "ep_1 has taken nothing for 20m 0s",
  },
  {
    alert: "HookwaveEndpointAboutToBeDisabled",
    at: "20m",
    series: { 'hookwave_endpoint_disabling_ratio{endpoint="ep_1"}': "0.7+0.01x40" },
    labels: { endpoint: "ep_1" },
    severity: "ticket",
    summary: "ep_1 has failed without one success for 90% of DISABLE_AFTER, at whose end it is disabled",
  },
  {
    alert: "HookwaveDrainTooSlow",
    at: "40m",
    series: {
      'hookwave_deliveries_waiting{endpoint="ep_1",reason="retry"}': "7200x60",
      'hookwave_deliveries_waiting{endpoint="ep_1",reason="busy"}': "7200x60",
      [attempts]: "0+60x60",
    },
    labels: { endpoint: "ep_1" },
    severity: "ticket",
    summary: "at its pace ep_1 takes 4h 0m 0s for what waits for it",
  },
  {
    alert: "HookwaveCertificateEnds",
    at: "90m",
    series: { 'hookwave_tls_expiry_seconds{endpoint="ep_1"}': "1000000-60x120" },
    labels: { endpoint: "ep_1" },
    severity: "ticket",
    summary: "the certificate of ep_1 ends in 11d 12h 16m 40s",
  },
  {
    alert: "HookwaveVersionMix",
    at: "70m",
    series: { 'hookwave_workers{version="1.0.0"}': "2x90", 'hookwave_workers{version="1.1.0"}': "1x90" },
    severity: "ticket",
    summary: "workers of 2 versions have worked side by side for an hour",
  },
  {
    alert: "HookwaveClockSkew",
    at: "15m",
    series: { 'hookwave_clock_skew_seconds{instance="a"}': "-1.5x30" },
    labels: { instance: "a" },
    severity: "ticket",
    summary: "the clock of a is 1.5s from that of Redis; at 2 s it stops working",
  },
  {
    alert: "HookwaveCallbacksUnverified",
    at: "20m",
    series: { 'hookwave_callbacks_total{source="llm",signature="invalid"}': "0x9 0+1x30" },
    labels: { source: "llm" },
    severity: "ticket",
    summary: "10 callbacks of llm were not signed as they should be, in 15 minutes",
  },
  {
    alert: "HookwaveBusParity",
    at: "15m",
    series: { hookwave_parity_missing: "3x30" },
    severity: "ticket",
    summary: "3 events have not come by both ways in time",
  },
  {
    alert: "HookwaveBusListGrows",
    at: "15m",
    series: {
      'hookwave_bus_list_length{instance="a"}': "60000x30",
      'hookwave_bus_writes_total{instance="a",result="written"}': "0+9x30",
    },
    severity: "ticket",
    summary: "the list of the bus has 60000 entries, and at 100000 (LEGACY_REDIS_LIST_MAX) takes no more",
  },
];

/** An hour, five minutes in which nothing is scraped, and three hours after every process was restarted. */
export const WELL: Series = {
  'up{job="hookwave",instance="a"}': "1x60 0x1 1x180",
  'hookwave_first_attempt_delay_seconds_bucket{le="5"}': "0+100x60 _x5 0+100x180",
  hookwave_first_attempt_delay_seconds_count: "0+100x60 _x5 0+100x180",
  [attempts]: "0+100x60 _x5 0+100x180",
  'hookwave_queue_overdue_seconds{queue="new"}': "0x60 _x5 2x180",
  'hookwave_workers{version="1.0.0"}': "2x60 _x5 2x180",
  hookwave_redis_evicts_nothing: "1x60 _x5 1x180",
  hookwave_redis_aof_ok: "1x60 _x5 1x180",
  hookwave_redis_memory_bytes: "900x60 _x5 900x180",
  hookwave_redis_memory_max_bytes: "1000x60 _x5 1000x180",
  hookwave_service_failures_total: "7x60 _x5 0x180",
  'hookwave_dead_letters_total{reason="exhausted"}': "9x60 _x5 0x180",
  'hookwave_endpoint_failing_seconds{endpoint="ep_1"}': "0+60x9 0x50 _x5 0x180",
  'hookwave_endpoint_disabling_ratio{endpoint="ep_1"}': "0.7x60 _x5 0.76x3 0x180",
  'hookwave_deliveries_waiting{endpoint="ep_1",reason="retry"}': "10x60 _x5 10x180",
  'hookwave_tls_expiry_seconds{endpoint="ep_1"}': "2592000-60x60 _x5 2588000-60x180",
  'hookwave_clock_skew_seconds{instance="a"}': "0.2x60 _x5 -1.5 0.1x180",
  'hookwave_callbacks_total{source="llm",signature="invalid"}': "4x60 _x5 0x180",
  'hookwave_callbacks_total{source="llm",signature="valid"}': "0+9x60 _x5 0+9x180",
  hookwave_parity_missing: "0x60 _x5 3x4 0x180",
  'hookwave_bus_list_length{instance="a"}': "90000x60 _x5 100x180",
  'hookwave_bus_writes_total{instance="a",result="written"}': "9x60 _x5 0x180",
};
