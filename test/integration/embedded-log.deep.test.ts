/** The log of a program that embeds or publishes: a guest says what is wrong, where its host looks. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Logger } from "../../src/core/logger.ts";
import { createHookwave, createPublisher } from "../../src/index.ts";
import { startReceiver } from "../support/receiver.ts";
import { LOOPBACK, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const NOBODY_THERE = "redis://127.0.0.1:1";
const entry = JSON.stringify(new URL("../../src/index.ts", import.meta.url).href);

/** Runs a program with the package to its end: what it printed, line by line. */
function programLines(code: string) {
  const program = `import { createHookwave, createPublisher } from ${entry};\n${code}`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    encoding: "utf8",
  });
  return { status, stdout, lines: stderr.split("\n").filter((line) => line !== "") };
}

const PUBLISH = `await one.publish({ type: "thing.made", data: {} }).catch(({ code }) => console.log(code)); await one.close();`;

describe("without a logger", () => {
  it.each([
    [
      "an embedded service",
      `const one = await createHookwave({ redisUrl: "${NOBODY_THERE}", encryptionKey: Buffer.alloc(32) });`,
    ],
    ["a publisher", `const one = createPublisher({ redisUrl: "${NOBODY_THERE}" });`],
  ])("%s writes warnings and errors to standard error, as the service does", (_, create) => {
    const { lines, stdout, status } = programLines(`${create} ${PUBLISH}`);
    expect({ stdout, status }).toEqual({ stdout: "REDIS_UNAVAILABLE\n", status: 0 });
    const read = lines.map((line) => JSON.parse(line));
    expect(read).toHaveLength(1);
    expect(read[0]).toMatchObject({
      level: "error",
      msg: "redis.lost",
      doing: "redis",
      pid: expect.any(Number),
    });
    expect(Object.keys(read[0]).slice(0, 4)).toEqual(["level", "time", "pid", "hostname"]);
  });

  it.each([
    ["logger: false", "logger: false"],
    ["the level silent", `logLevel: "silent"`],
  ])("it is silent with %s", (_, option) => {
    const create = `const one = await createHookwave({ redisUrl: "${NOBODY_THERE}", encryptionKey: Buffer.alloc(32), ${option} });`;
    expect(programLines(`${create} ${PUBLISH}`)).toMatchObject({ status: 0, lines: [] });
  });

  it("writes more where logLevel says so, and lines for a person where logFormat does", async () => {
    await using redis = await startRedis();
    const create = `const one = await createHookwave({ redisUrl: "${redis.url}", encryptionKey: Buffer.alloc(32), logLevel: "debug", logFormat: "pretty" });`;
    const { lines } = programLines(`${create} ${PUBLISH}`);
    expect(lines).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} debug events\.published count=1$/)]);
  });
});

describe("a logger of the program's own", () => {
  it("gets every line with its fields, whole attempts and failures, also pino's", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    const lines: Record<string, unknown>[] = [];
    const sink = new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(JSON.parse(String(chunk)));
        done();
      },
    });
    const hookwave = await createHookwave({
      redisUrl: redis.url,
      encryptionKey: randomBytes(32),
      ...LOOPBACK,
      logger: pino({ level: "debug" }, sink),
    });
    await hookwave.start();
    await hookwave.endpoints.add({ url: receiver.url });
    const { id } = await hookwave.publish({ type: "thing.made", data: {} });
    await receiver.received(1);
    await until("the attempt is in the log", () => lines.some(({ msg }) => msg === "attempt.finished"));
    await hookwave.close();

    expect(lines).toContainEqual(expect.objectContaining({ msg: "events.published", level: 20, count: 1 }));
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 30,
        eventId: id,
        outcome: "delivered",
        latencyMs: expect.any(Number),
      }),
    );
    expect(lines.every(({ recordText }) => recordText === undefined)).toBe(true);
  });

  it("that throws disturbs nobody, and is complained of once", async () => {
    await using redis = await startRedis();
    const warnings: string[] = [];
    const hear = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);
    process.on("warning", hear);
    const broken = (): never => {
      throw new Error("no disk");
    };
    const logger: Logger = { debug: broken, info: broken, warn: broken, error: broken };
    const publisher = createPublisher({ redisUrl: redis.url, logger });
    for (let sent = 0; sent < 3; sent += 1) await publisher.publish({ type: "thing.made", data: {} });
    await publisher.close();
    await until("it was complained of", () => warnings.length > 0);
    process.off("warning", hear);
    expect(warnings).toEqual(["HookwaveWarning: the logger failed at events.published: no disk"]);
  });

  it.each([["warn"], [{ warn: () => undefined }], [true], [null]])(
    "is refused where it is none: %j",
    (logger) => {
      const create = () => createPublisher(Object({ redisUrl: NOBODY_THERE, logger }));
      expect(create).toThrow("logger: expected a logger with debug, info, warn and error");
    },
  );
});
