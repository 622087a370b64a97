/** One webhook as a person works on it in the console, in a real browser: its acts, its test, and the check of a signature. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verify } from "../../src/receiver/verify.ts";
import type { Api } from "../support/api.ts";
import { type ConsoleStage, openConsole } from "../support/console-stage.ts";
import { untilIdle } from "../support/deliveries.ts";
import { type Person, sitDown, WITHOUT_BROWSER } from "../support/person.ts";
import type { Receiver } from "../support/receiver.ts";
import type { TestHookwave } from "../support/service.ts";

const headersOf = ({ headers }: Receiver["requests"][number]) =>
  Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);

describe.skipIf(WITHOUT_BROWSER)("a webhook in the console", () => {
  let stage: ConsoleStage;
  let hookwave: TestHookwave;
  let receiver: Receiver;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    stage = await openConsole();
    ({ hookwave, receiver, api, browser } = stage);
  });

  afterAll(() => stage[Symbol.asyncDispose]());

  const open = async (person: Person, id: string, query = ""): Promise<void> => {
    await hookwave.endpoints.add({ id, url: receiver.url });
    await person.open(`webhooks/${id}${query}`);
    await person.page.getByText("Latest attempts").waitFor();
  };
  const arrived = (part: string) =>
    receiver.requests.find(({ body }) => body.toString().includes(part)) ?? expect.unreachable();
  const idsThere = async () => (await hookwave.endpoints.list()).map(({ id }) => id);
  const publish = async (id: string): Promise<void> => {
    await hookwave.publish({ id, type: "thing.done", data: { id } });
    await untilIdle(hookwave);
  };

  it("gets a new secret, shown once, with which the receiver verifies the next delivery", async () => {
    await using person = await sitDown(browser, api.url);
    await open(person, "rotated");
    await person.page.getByRole("button", { name: "Rotate secret" }).click();
    const dialog = person.page.getByRole("dialog");
    await dialog.getByLabel("The old secret signs for").fill("soon");
    await dialog.getByRole("button", { name: "Rotate secret" }).click();
    await dialog.locator(".flaw").waitFor();
    await dialog.getByLabel("The old secret signs for").fill("2h");
    await dialog.getByRole("button", { name: "Rotate secret" }).click();
    const secret = (await dialog.locator(".secret code").textContent()) ?? "";
    await dialog.getByText("The one before it is valid until").waitFor();
    await dialog.getByRole("button", { name: "Done" }).click();

    await publish("evt_rotated");
    const request = arrived("evt_rotated");
    expect(await verify(request.body, headersOf(request), secret)).toMatchObject({ id: "evt_rotated" });
    await person.page.getByText("2 that sign").waitFor();
    expect(await person.page.content()).not.toContain(secret);
    await hookwave.endpoints.remove("rotated");
  });

  it("shows the whole exchange of a test, whose data are sent as they were written", async () => {
    receiver.replies((response) => {
      response.writeHead(503, { "content-type": "application/json" }).end('{"why":"<b>maintenance</b>"}');
    });
    await using person = await sitDown(browser, api.url);
    await open(person, "tested");
    await person.page.getByText("Send a test and see the whole exchange").click();
    await person.page.getByLabel("Type").fill("thing.done");
    await person.page.getByLabel("Data").fill("{nonsense");
    await person.page.getByRole("button", { name: "Send a test" }).click();
    await person.page.getByText("expected JSON", { exact: true }).waitFor();
    expect(await person.page.getByLabel("Data").inputValue(), "what was written stays").toBe("{nonsense");
    await person.page.getByLabel("Data").fill('{"big":12345678901234567890}');
    await person.page.getByRole("button", { name: "Send a test" }).click();

    const exchange = person.page.locator(".exchange");
    await exchange.getByText("HTTP 503").first().waitFor();
    const text = (await exchange.textContent()) ?? "";
    expect(text).toContain("POST http://127.0.0.1");
    expect(text).toContain("webhook-signature");
    expect(text).toContain("12345678901234567890");
    expect(text, "hostile text is text").toContain("<b>maintenance</b>");
    arrived('{"big":12345678901234567890}');
    expect(person.complaints).toEqual([]);
    await hookwave.endpoints.remove("tested");
    receiver.replies(200);
  });

  it("is edited, switched off with a reason, on again with what it missed, and removed by its id", async () => {
    await using person = await sitDown(browser, api.url);
    await open(person, "changed");
    const { page } = person;
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: "Edit" }).click();
    await dialog.getByLabel("Rate").fill("many");
    await dialog.getByRole("button", { name: "Edit" }).click();
    await dialog.getByText("see what is said beside the fields").waitFor();
    await dialog.getByLabel("Rate").fill("100/1m");
    await dialog.getByRole("button", { name: "Edit" }).click();
    await page.getByText("at most 100/60s").waitFor();

    receiver.replies(410);
    await publish("evt_gone");
    receiver.replies(200);
    await page.getByText(/^disabled: /).waitFor();
    await page.getByRole("button", { name: "Enable" }).click();
    await dialog.getByLabel("Of what it has missed").selectOption("yes");
    await dialog.getByRole("button", { name: "Enable" }).click();
    await dialog.getByText("1 delivery was given up since").waitFor();
    expect(await dialog.getByRole("link", { name: "the replay" }).getAttribute("href")).toMatch(
      /replays\/rpl_/,
    );
    await dialog.getByRole("button", { name: "Done" }).click();

    await page.getByRole("button", { name: "Disable" }).click();
    await dialog.getByLabel("Because").fill("holidays");
    await dialog.getByRole("button", { name: "Disable" }).click();
    await page.getByText("disabled: holidays").first().waitFor();

    await page.getByRole("button", { name: "Remove" }).click();
    await dialog.getByLabel("Its id, to be sure").fill("another");
    await dialog.getByRole("button", { name: "Remove" }).click();
    expect(await dialog.isVisible(), "the browser keeps the form").toBe(true);
    expect(await idsThere()).toContain("changed");
    await dialog.getByLabel("Its id, to be sure").fill("changed");
    await dialog.getByRole("button", { name: "Remove" }).click();
    await page.waitForURL("**/console/webhooks");
    expect(await idsThere()).not.toContain("changed");
  });

  it("has a refused request diagnosed in the browser, from where the secret never goes", async () => {
    await using person = await sitDown(browser, api.url);
    const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
    await hookwave.endpoints.add({ id: "asked", url: receiver.url, secrets: [secret] });
    await person.open("webhooks/asked?tool=verify");
    await publish("evt_asked");
    const request = arrived("evt_asked");
    const headers = headersOf(request).map(([name, value]) => `${name}: ${value}`);
    const { page } = person;
    const sent: string[] = [];
    page.on("request", (one) => sent.push(`${one.url()} ${one.postData() ?? ""}`));
    const check = page.getByRole("button", { name: "Check it" });
    await page.getByLabel("Headers").fill(["POST /hook HTTP/1.1", ...headers].join("\n"));
    await page.getByLabel("Body", { exact: true }).fill(request.body.toString());
    await page.getByLabel("Secret", { exact: true }).fill(secret.slice("whsec_".length));
    await check.click();
    await page.getByText("SIGNATURE_MISMATCH").waitFor();
    await page.getByText("belongs to the secret: put it in front").waitFor();

    await page.getByLabel("Secret", { exact: true }).fill(secret);
    await check.click();
    await page.getByText("The receiver accepts it.").waitFor();
    await page.getByLabel("Body", { exact: true }).fill(`${request.body.toString()}\n`);
    await check.click();
    await page.getByText("a line break at its end that was not sent").waitFor();
    expect(sent.join("\n")).not.toContain(secret.slice(6));
    expect(
      await page.evaluate("JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }])"),
    ).not.toContain(secret.slice(6));
    expect(person.complaints).toEqual([]);
  });
});
