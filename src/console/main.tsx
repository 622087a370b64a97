/** The console: a page for operators, served by the service itself. It shows nothing that the API does not say. */
import { effect } from "@preact/signals";
import { render } from "preact";
import { useState } from "preact/hooks";
import { ErrorBoundary } from "preact-iso/lazy";
import { LocationProvider, Route, Router } from "preact-iso/router";
import { Empty, Refused, Waiting } from "./answers.tsx";
import { Problem, refusals } from "./api.ts";
import { PAGES } from "./page-list.ts";
import { CONSOLE_PATH, page } from "./places.ts";
import { isSignedOut, readSession, session } from "./session.ts";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/table.css";
import "./styles/forms.css";
import "./styles/live.css";
import "./styles/overview.css";
import "./styles/letters.css";
import "./styles/frame.css";
import "./styles/timeline.css";
import "./theme.ts";

function Console() {
  const [problem, setProblem] = useState<Problem | null>(null);
  if (session.value === null) {
    const begin = (): void => {
      setProblem(null);
      readSession().catch((error: unknown) => setProblem(error instanceof Problem ? error : null));
    };
    if (problem === null) begin();
    return problem === null ? <Waiting what="who is here" /> : <Refused problem={problem} again={begin} />;
  }
  if (isSignedOut.value) return <SignIn />;
  return (
    <LocationProvider scope={CONSOLE_PATH}>
      <Shell>
        <ErrorBoundary>
          <Router>
            {PAGES.map(({ path, component }) => (
              <Route key={path} path={CONSOLE_PATH + path} component={component} />
            ))}
            <Route default component={Nowhere} />
          </Router>
        </ErrorBoundary>
      </Shell>
    </LocationProvider>
  );
}

function Nowhere() {
  return (
    <Empty>
      There is no page at this address. <a href={page("events")}>Events</a>
    </Empty>
  );
}

// A session that has ended is asked for again: the page then shows the sign-in.
effect(() => {
  if (refusals.value > 0) readSession().catch(() => undefined);
});

// A browser asks for the icon again at each address, which by its own reference is at another depth.
const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
icon?.setAttribute("href", icon.href);

const place = document.getElementById("console");
if (place !== null) render(<Console />, place);
