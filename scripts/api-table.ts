/** docs/api.md's table of operations, made from the OpenAPI document; a test proves that it is up to date. */
import { z } from "zod";

const documentSchema = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        summary: z.string(),
        tags: z.tuple([z.string()]),
        security: z.array(z.record(z.string(), z.array(z.string()))),
      }),
    ),
  ),
});

const MARKS = /(<!-- operations -->\n)[\s\S]*?(<!-- \/operations -->)/;

/** The page's text with its table renewed between the marks. */
export function renderApiTable(page: string, document: unknown): string {
  const operations = Object.entries(documentSchema.parse(document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, about]) => ({ path, method, ...about })),
  );
  const tags = [...new Set(operations.map(({ tags: [tag] }) => tag))];
  const tables = tags.map((tag) => {
    const rows = operations.filter(({ tags: [other] }) => other === tag).map(rowOf);
    return [`### ${tag}`, "", "| operation | role | what it does |", "| --- | --- | --- |", ...rows].join(
      "\n",
    );
  });
  return page.replace(MARKS, `$1\n${tables.join("\n\n")}\n\n$2`);
}

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly summary: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

function rowOf({ path, method, summary, security }: Operation): string {
  const roles = security.flatMap((one) => Object.values(one).flat());
  return `| \`${method.toUpperCase()} ${path}\` | ${roles.join(", ") || "–"} | ${summary} |`;
}
