/** The console's pages: the path of each, its place in the navigation and its key after `g`. Each is loaded when it is wanted. */
import type { AnyComponent } from "preact";
import lazy from "preact-iso/lazy";

interface ListedPage {
  /** Below the console's own path. */
  readonly path: string;
  readonly title: string;
  /** Null for one that others lead to. */
  readonly nav: string | null;
  readonly key: string | null;
  readonly component: AnyComponent;
}

export const PAGES: readonly ListedPage[] = [
  {
    path: "",
    title: "Overview",
    nav: "Overview",
    key: "o",
    component: lazy(() => import("./pages/overview.tsx").then(({ Overview }) => Overview)),
  },
  {
    path: "live",
    title: "Live",
    nav: "Live",
    key: "l",
    component: lazy(() => import("./pages/live.tsx").then(({ LiveTail }) => LiveTail)),
  },
  {
    path: "events",
    title: "Events",
    nav: "Events",
    key: "e",
    component: lazy(() => import("./pages/events.tsx").then(({ Events }) => Events)),
  },
  {
    path: "events/:id",
    title: "Event",
    nav: null,
    key: null,
    component: lazy(() => import("./pages/event.tsx").then(({ OneEvent }) => OneEvent)),
  },
  {
    path: "deliveries",
    title: "Deliveries",
    nav: "Deliveries",
    key: "d",
    component: lazy(() => import("./pages/deliveries.tsx").then(({ Deliveries }) => Deliveries)),
  },
  {
    path: "deliveries/:id",
    title: "Delivery",
    nav: null,
    key: null,
    component: lazy(() => import("./pages/delivery.tsx").then(({ OneDelivery }) => OneDelivery)),
  },
  {
    path: "webhooks",
    title: "Webhooks",
    nav: "Webhooks",
    key: "w",
    component: lazy(() => import("./pages/webhooks.tsx").then(({ Webhooks }) => Webhooks)),
  },
  {
    path: "webhooks/:id",
    title: "Webhook",
    nav: null,
    key: null,
    component: lazy(() => import("./pages/webhook.tsx").then(({ OneWebhook }) => OneWebhook)),
  },
  {
    path: "dead-letters",
    title: "Dead letters",
    nav: "Dead letters",
    key: "x",
    component: lazy(() => import("./pages/dead-letters.tsx").then(({ DeadLetters }) => DeadLetters)),
  },
  {
    path: "dead-letters/:id",
    title: "Dead letter",
    nav: null,
    key: null,
    component: lazy(() => import("./pages/dead-letter.tsx").then(({ OneDeadLetter }) => OneDeadLetter)),
  },
  {
    path: "replays",
    title: "Replays",
    nav: "Replays",
    key: "r",
    component: lazy(() => import("./pages/replays.tsx").then(({ Replays }) => Replays)),
  },
  {
    path: "replays/:id",
    title: "Replay",
    nav: null,
    key: null,
    component: lazy(() => import("./pages/replay.tsx").then(({ OneReplay }) => OneReplay)),
  },
  {
    path: "callbacks",
    title: "Callbacks",
    nav: "Callbacks",
    key: "c",
    component: lazy(() => import("./pages/callbacks.tsx").then(({ Callbacks }) => Callbacks)),
  },
  {
    path: "callbacks/:id",
    title: "Callback",
    nav: null,
    key: null,
    component: lazy(() => import("./pages/callbacks.tsx").then(({ Callbacks }) => Callbacks)),
  },
  {
    path: "explain",
    title: "Explain",
    nav: "Explain",
    key: "y",
    component: lazy(() => import("./pages/explain.tsx").then(({ Explain }) => Explain)),
  },
  {
    path: "migration",
    title: "Migration",
    nav: "Migration",
    key: "m",
    component: lazy(() => import("./pages/migration.tsx").then(({ Migration }) => Migration)),
  },
  {
    path: "settings",
    title: "Settings",
    nav: "Settings",
    key: "s",
    component: lazy(() => import("./pages/keys.tsx").then(({ Keys }) => Keys)),
  },
  {
    path: "settings/audit",
    title: "Audit log",
    nav: null,
    key: null,
    component: lazy(() => import("./pages/audit.tsx").then(({ Audit }) => Audit)),
  },
  {
    path: "settings/doctor",
    title: "Doctor",
    nav: null,
    key: null,
    component: lazy(() => import("./pages/doctor.tsx").then(({ Doctor }) => Doctor)),
  },
];
