/**
 * Exports: a whole list as a file, written page by page as fast as it is read, so that it takes no more memory than a page.
 * The first page is read before the answer begins: what is refused is a problem. What fails later ends the connection
 * without the file's end, and the client knows that it has a part.
 */
import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Page } from "../core/page.ts";
import type { StillAllowed } from "./access.ts";
import { type Cell, csvLine } from "./csv.ts";
import { createOpenStreams, type OpenStreams } from "./open-streams.ts";
import { type Api, operation } from "./routing.ts";

const FORMATS = { csv: "text/csv", ndjson: "application/x-ndjson" } as const;
type Format = keyof typeof FORMATS;

export interface Exported<Row> {
  /** The file's name, without its ending. */
  readonly name: string;
  /** In the order of `cells`. */
  readonly columns: readonly string[];
  readonly cells: (row: Row) => readonly Cell[];
  /** JSON text on one line. */
  readonly json: (row: Row) => string;
}

type ReadRows<Row> = (after: string | null) => Promise<Page<Row>>;

/** Rows of one page. */
export const EXPORT_PAGE = 100;
const BOUNDS = { perKey: 3, inAll: 20 };

export interface Exports {
  readonly streams: OpenStreams;
  readonly isStillAllowed: StillAllowed;
}

export const openExports = (app: Api, isStillAllowed: StillAllowed): Exports => ({
  streams: createOpenStreams(app, "exports", BOUNDS),
  isStillAllowed,
});

export const exportQuery = {
  format: z.enum(["csv", "ndjson"]).optional().describe("As `Accept` says when absent, else NDJSON."),
};

const FILE: z.ZodType = z.string();
const CONTENT = {
  "text/csv": { schema: FILE },
  "application/x-ndjson": { schema: FILE },
};

/** Options of a route that exports. */
export function exportOperation<Query extends z.ZodType>(
  [tag, operationId, summary]: readonly [tag: string, operationId: string, summary: string],
  querystring: Query,
) {
  const response = { 200: { description: "Until its end, or until you leave.", content: CONTENT } };
  const { config, schema } = operation("read", tag, operationId, summary, {
    description: `At most ${BOUNDS.perKey} at a time for each key.`,
    querystring,
    response,
  });
  return { exposeHeadRoute: false, config: { ...config, isStream: true as const }, schema };
}

export async function sendExport<Row>(
  request: FastifyRequest & { readonly query: { readonly format?: Format | undefined } },
  reply: FastifyReply,
  { streams, isStillAllowed }: Exports,
  exported: Exported<Row>,
  read: ReadRows<Row>,
): Promise<FastifyReply> {
  const { caller, headers, query } = request;
  const format = query.format ?? (headers.accept?.includes(FORMATS.csv) === true ? "csv" : "ndjson");
  /** The right to the next page may be lost while this one is read, which may take as long as its reader likes. */
  const readOn: ReadRows<Row> = async (after) => {
    if (await isStillAllowed(request)) return await read(after);
    throw new Error("whoever reads it may read no more");
  };
  const stream = await streams.open(caller?.keyId ?? "", reply, async () => {
    const first = await read(null);
    const rows: Readable = Readable.from(
      pieces(first, readOn, textOf(format, exported), () => rows.destroyed),
      { highWaterMark: 1 },
    );
    return { stream: rows, end: () => rows.destroy() };
  });
  reply.type(`${FORMATS[format]}; charset=utf-8`);
  reply.header("content-disposition", `attachment; filename="hookwave-${exported.name}.${format}"`);
  reply.headers({ "cache-control": "no-store, no-transform", "x-accel-buffering": "no" });
  return reply.send(stream);
}

/** The text of a page; of none, what stands before all. */
type TextOf<Row> = (rows: readonly Row[] | null) => string;

function textOf<Row>(format: Format, { columns, cells, json }: Exported<Row>): TextOf<Row> {
  if (format === "ndjson") return (rows) => (rows ?? []).map((row) => `${json(row)}\n`).join("");
  return (rows) => (rows === null ? csvLine(columns) : rows.map((row) => csvLine(cells(row))).join(""));
}

/** `isOver`: nobody reads any more, which a page without a row would not find out. */
async function* pieces<Row>(
  first: Page<Row>,
  read: ReadRows<Row>,
  text: TextOf<Row>,
  isOver: () => boolean,
): AsyncGenerator<string> {
  const head = text(null);
  if (head !== "") yield head;
  for (let page = first; ; ) {
    const piece = text(page.data);
    if (piece !== "") yield piece;
    if (page.next === null || isOver()) return;
    page = await read(page.next);
  }
}
