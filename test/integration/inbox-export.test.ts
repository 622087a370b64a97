/** Callbacks as a file: every row that the list has, whoever wrote what stands in it. */
import { expect, it } from "vitest";
import { ask } from "../support/api.ts";
import { CALLBACKS, callback, OTHER_SECRET, startInbox } from "../support/inbox.ts";

it("an export of callbacks has every row that the list has, in its order, and nothing that a sheet would calculate", async () => {
  await using inbox = await startInbox();
  const { api, source, list } = inbox;
  await source();
  for (let n = 0; n < 120; n += 1) await callback(api, `cb-${n}`);
  await callback(api, '=1+1,"x"', {}, OTHER_SECRET);
  const asFile = (query: string) => ask(`${api.url}${CALLBACKS}/export${query}`);

  const answer = await asFile("?format=ndjson&signature=valid");
  expect(answer.headers.get("content-disposition")).toBe('attachment; filename="hookwave-callbacks.ndjson"');
  const rows = answer.text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(rows).toHaveLength(120);
  expect(rows.slice(0, 100)).toEqual(await list("?signature=valid&limit=100"));

  const csv = await asFile("?format=csv&signature=invalid");
  const [head = "", first = "", ...more] = csv.text.trimEnd().split("\r\n");
  expect(head).toMatch(/^id,source,callback_id,type,signature,code,reason,accepted,/);
  expect(first).toContain(`,llm,"'=1+1,""x""",workflow.completed,invalid,SIGNATURE_MISMATCH,`);
  expect(more).toEqual([]);
  expect(await asFile("?format=xml")).toMatchObject({ status: 400 });
});
