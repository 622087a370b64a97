/** The clients of other languages, as far as no tool of theirs is needed: what is kept was made of what the API is now. */
import { describe, expect, it } from "vitest";
import { digestOf, documentForClients, documentForGo, GO_OPERATIONS } from "../../scripts/client-document.ts";
import { operationsOf } from "../support/openapi.ts";
import { readRepositoryFile } from "../support/repository.ts";

const described: object = JSON.parse(readRepositoryFile("docs/openapi.json"));

describe("the Go client", () => {
  it("is generated from the OpenAPI document as it is", () => {
    const [first = ""] = readRepositoryFile("clients/go/api/api.gen.go").split("\n");
    const remedy = "run node scripts/generate-clients.ts go";
    expect(first, remedy).toBe(`// Of a description with the digest ${digestOf(documentForGo(described))}.`);
    const named = operationsOf(documentForGo(described)).map(({ id }) => id);
    expect(named.toSorted()).toEqual([...GO_OPERATIONS].toSorted());
  });

  it("is another one for another field or type, and the same for another sentence", () => {
    const text = JSON.stringify(described);
    const digest = (changed: string) => digestOf(documentForGo(JSON.parse(changed)));
    const sentence = text.replace(/"description":"(?:[^"\\]|\\.)+"/g, '"description":"another"');
    expect(sentence).not.toBe(text);
    expect(digest(sentence)).toBe(digest(text));
    expect(digest(text.replaceAll('"attempt_count"', '"attempts"'))).not.toBe(digest(text));
    // The field of a webhook that has this name is a field.
    expect(digest(text.replaceAll('"description":{', '"note":{'))).not.toBe(digest(text));
  });
});

it("the Python client is generated from all operations", () => {
  expect(operationsOf(documentForClients(described))).toEqual(operationsOf(described));
});
