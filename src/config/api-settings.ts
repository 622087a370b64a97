/** The HTTP API's settings: who may ask, how often, and what is served besides. Part of the table in settings.ts. */
import { PROFILE_NAMES } from "../core/endpoint.ts";
import * as forms from "./forms.ts";
import { optionalSetting, setting } from "./setting.ts";

export const apiSettings = {
  apiUrl: optionalSetting(forms.baseUrl(), {
    variable: "HOOKWAVE_URL",
    doc: "Where the commands find the API; HOOKWAVE_PORT on this machine when absent. On another one https, unless ALLOW_HTTP. The service takes orders from web pages of this origin, as from its own.",
    // One that is refused may hold a password.
    isSecret: true,
    remedy: "for example HOOKWAVE_URL=https://hookwave.example.com",
  }),
  apiKey: optionalSetting(forms.text("32–200 characters without spaces", /^[!-~]{32,200}$/), {
    variable: "HOOKWAVE_API_KEY",
    doc: "A key with all roles, to make others with. Without any key, the API listens on loopback only and asks for none. The commands send it: there it may be any key of the service.",
    isSecret: true,
    remedy: "make one with: openssl rand -hex 32",
  }),
  apiRateLimit: setting(forms.wholeNumber(1, 100_000_000), "120000", {
    variable: "API_RATE_LIMIT",
    doc: "Requests that one API key may make in a minute, over all processes; and callbacks that one address may send to the inbox.",
    unit: "requests per minute",
  }),
  apiRateLimitUnknown: setting(forms.wholeNumber(1, 100_000_000), "600", {
    variable: "API_RATE_LIMIT_UNKNOWN",
    doc: "Requests that one address may make in a minute without a valid key.",
    unit: "requests per minute",
  }),
  apiConnectionsUnknown: setting(forms.wholeNumber(1, 1_000), "100", {
    variable: "API_CONNECTIONS_UNKNOWN",
    doc: "Connections that one address may have open without having shown a valid key; one more closes the oldest of them.",
    unit: "connections",
  }),
  apiTrustedProxies: setting(forms.networks(), "", {
    variable: "API_TRUSTED_PROXIES",
    doc: "Networks of reverse proxies: their X-Forwarded-For is believed, so that limits count who is behind them, and their connections are not bounded. Without it, none.",
  }),
  apiDefaultProfile: setting(forms.choice(PROFILE_NAMES), "standard", {
    variable: "API_DEFAULT_PROFILE",
    doc: "The wire profile of webhooks that are made over the API, or set by PUT, and name none.",
  }),
  klipstreamCompat: setting(forms.flag(), "false", {
    variable: "KLIPSTREAM_COMPAT",
    doc: "Answer clients of the KlipStream API at /api/v1/webhooks as that API does (docs/klipstream.md). Without it, that part is not there.",
  }),
  apiDocs: setting(forms.flag(), "true", {
    variable: "API_DOCS",
    doc: "Serve the API's description at /docs and /openapi.json.",
  }),
  console: setting(forms.flag(), "true", {
    variable: "CONSOLE",
    doc: "Serve the page for operators at /console, where / leads.",
  }),
  consoleHidePayloads: setting(forms.flag(), "false", {
    variable: "CONSOLE_HIDE_PAYLOADS",
    doc: "Show event data, what receivers answered and what callbacks brought only to keys with the role admin, in the console and over the API alike (docs/console.md).",
  }),
  metrics: setting(forms.flag(), "true", {
    variable: "METRICS",
    doc: "Serve /metrics.",
  }),
  metricsPort: optionalSetting(forms.wholeNumber(0, 65_535), {
    variable: "METRICS_PORT",
    doc: "Serve /healthz, /readyz and, unless METRICS is false, /metrics on a port of their own, without a key; a worker has no other. /metrics is then not on the API's port.",
    remedy: "for example METRICS_PORT=9464",
  }),
};
