/** A list as a file, with the list's filters: written by the service as it reads, however long it is. */
import { api, type Query, withQuery } from "./places.ts";

const FORMATS = [
  ["csv", "CSV"],
  ["ndjson", "NDJSON"],
] as const;

export function ExportLinks({
  of,
  filters,
}: {
  readonly of: "deliveries" | "events" | "dead-letters" | "callbacks";
  readonly filters: Query;
}) {
  return (
    <span class="exports">
      Export{" "}
      {FORMATS.map(([format, title]) => (
        <a key={format} download href={withQuery(api(of, "export"), { ...filters, format })}>
          {title}
        </a>
      ))}
    </span>
  );
}
