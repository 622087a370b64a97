/**
 * The API's description as it is kept and published: without the spaces that made up three fifths of it, and one
 * operation a line, so that a change still shows where it is.
 */

const GROUPS = ["paths", "webhooks"];

export function openapiText(document: object): string {
  const members = Object.entries(document).map(([name, value]) => {
    const text = GROUPS.includes(name) ? lines(Object(value)) : JSON.stringify(value);
    return `${JSON.stringify(name)}:${text}`;
  });
  return `{${members.join(",\n")}}\n`;
}

/** `{ path: { method: operation } }`, the innermost ones on a line each. */
function lines(group: object): string {
  const members = Object.entries(group).map(([path, methods]) => {
    const operations = Object.entries(Object(methods)).map(
      ([method, operation]) => `${JSON.stringify(method)}:${JSON.stringify(operation)}`,
    );
    return `${JSON.stringify(path)}:{${operations.join(",\n")}}`;
  });
  return `{\n${members.join(",\n")}}`;
}
