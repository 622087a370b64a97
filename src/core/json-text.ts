/**
 * Reads JSON text without changing it. `JSON.parse` loses big integers, duplicate keys, `1.0` and key order
 * (trap 34), so the text of a member is cut out as it stands. Everything here expects text that JSON.parse has
 * already accepted: it finds places, it does not validate.
 */

/** The text of each member of a JSON object's top level, by key; the last of duplicate keys wins, as in JSON.parse. */
export function memberTexts(objectText: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  let at = skipSpace(objectText, skipSpace(objectText, 0) + 1);
  while (at < objectText.length && objectText[at] !== "}") {
    const keyEnd = endOfString(objectText, at);
    const key: unknown = JSON.parse(objectText.slice(at, keyEnd));
    const valueStart = skipSpace(objectText, skipSpace(objectText, keyEnd) + 1);
    const valueEnd = endOfValue(objectText, valueStart);
    members.set(String(key), objectText.slice(valueStart, valueEnd));
    at = afterComma(objectText, valueEnd);
  }
  return members;
}

/** The text of each element of a JSON array's top level. */
export function elementTexts(arrayText: string): readonly string[] {
  const elements: string[] = [];
  let at = skipSpace(arrayText, skipSpace(arrayText, 0) + 1);
  while (at < arrayText.length && arrayText[at] !== "]") {
    const end = endOfValue(arrayText, at);
    elements.push(arrayText.slice(at, end));
    at = afterComma(arrayText, end);
  }
  return elements;
}

/** The number of objects and arrays inside each other, at the most. */
export function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  let at = 0;
  while (at < text.length) {
    const char = text[at];
    if (char === "{" || char === "[") deepest = Math.max(deepest, ++depth);
    if (char === "}" || char === "]") depth -= 1;
    at = char === '"' ? endOfString(text, at) : at + 1;
  }
  return deepest;
}

/** Is this JSON text? The cheapest complete answer is the engine's own parser. */
export function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const SPACE = /[ \t\n\r]/;

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && SPACE.test(text.charAt(at))) at += 1;
  return at;
}

function afterComma(text: string, from: number): number {
  const at = skipSpace(text, from);
  return text[at] === "," ? skipSpace(text, at + 1) : at;
}

function endOfString(text: string, openingQuote: number): number {
  let close = text.indexOf('"', openingQuote + 1);
  while (close !== -1 && isEscaped(text, close)) close = text.indexOf('"', close + 1);
  return close === -1 ? text.length : close + 1;
}

function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0;
  while (text[quote - 1 - backslashes] === "\\") backslashes += 1;
  return backslashes % 2 === 1;
}

function endOfValue(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return endOfString(text, from);
  if (first === "{" || first === "[") return endOfNested(text, from);
  let at = from;
  while (at < text.length && !/[,\]}\s]/.test(text.charAt(at))) at += 1;
  return at;
}

function endOfNested(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const char = text[at];
    if (char === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (char === "{" || char === "[") depth += 1;
    if (char === "}" || char === "]") depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return at;
}
