/** Reads Server-Sent Events (WHATWG HTML, 9.2), as far as our API writes them: a block of lines for each, with `\n` alone. */
export interface ServerEvent {
  /** Empty for a block that only says where one is. */
  readonly event: string;
  /** Null where the block has none. */
  readonly id: string | null;
  readonly data: string;
}

/** Throws what the pieces throw. */
export async function* serverEvents(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of pieces) {
    const blocks = `${rest}${decoder.decode(piece, { stream: true })}`.split("\n\n");
    rest = blocks.pop() ?? "";
    yield* blocks.map(readBlock);
  }
}

function readBlock(block: string): ServerEvent {
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const [, name = "", value = ""] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (name !== "") fields.set(name, value);
  }
  return { event: fields.get("event") ?? "", id: fields.get("id") ?? null, data: fields.get("data") ?? "" };
}
