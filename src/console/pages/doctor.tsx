/** The doctor's findings: what was looked at, how it is, and what to do about it. */
import type { ShownCheckup, ShownFinding } from "../../api/routes/doctor.ts";
import { SIGNS } from "../../core/signs.ts";
import { Shown, useAnswer } from "../answers.tsx";
import { api, page } from "../places.ts";
import { Id, plural, State } from "../words.tsx";
import { SettingsFrame } from "./settings-frame.tsx";

/** From bad to good: findings that want somebody come first. */
const ORDER = ["broken", "warning", "ok"] as const;

export function Doctor() {
  const asked = useAnswer<ShownCheckup>(api("doctor"));
  const again = (
    <button type="button" disabled={asked.isAsking} onClick={asked.again}>
      {asked.isAsking ? "Looking …" : "Look again"}
    </button>
  );
  return (
    <SettingsFrame acts={again}>
      <Shown asked={asked} what="the installation, which takes half a minute at the most">
        {({ findings, version }) => (
          <>
            <p>
              {ORDER.map((level) => [level, findings.filter((one) => one.level === level).length] as const)
                .filter(([, number]) => number > 0)
                .map(([level, number]) => (
                  <span key={level}>
                    <State
                      word={level}
                      text={level === "warning" ? plural(number, level) : `${number} ${level}`}
                    />{" "}
                  </span>
                ))}
              <span class="muted">
                {plural(findings.length, "finding")}, seen by version {version}
              </span>
            </p>
            <ul class="plain findings card">
              {ORDER.flatMap((level) => findings.filter((one) => one.level === level)).map((finding, at) => (
                <OneFinding key={at} finding={finding} />
              ))}
            </ul>
          </>
        )}
      </Shown>
    </SettingsFrame>
  );
}

function OneFinding({ finding: { check, level, seen, remedy, about } }: { readonly finding: ShownFinding }) {
  return (
    <li>
      <span class={`sign ${level}`} role="img" aria-label={level}>
        {SIGNS[level]}
      </span>
      <span class="id">{check}</span>
      <div>
        <p>{seen}</p>
        {remedy !== null && <p class="muted">→ {remedy}</p>}
        {about.length > 0 && (
          <p>
            {about.map((id) => (
              <span key={id}>
                <Id id={id} href={page("webhooks", id)} />{" "}
              </span>
            ))}
          </p>
        )}
      </div>
    </li>
  );
}
