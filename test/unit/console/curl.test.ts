import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { certifyOf, curlOf } from "../../../src/console/curl.ts";
import { casesOf } from "../../support/depth.ts";

const RUNS = { seed: 15, numRuns: casesOf(300) };

/** Stand for the programs: all that a shell would have handed to them, ended by NUL. */
const PRINTS = `curl() { printf '%s\\0' "$@"; cat; }\nnpx() { printf '%s\\0' "$@"; }\n`;
const run = (command: string): readonly string[] =>
  execFileSync("sh", ["-c", PRINTS + command, "sh"], {
    encoding: "utf8",
    env: { SECRET: "from outside" },
  }).split("\0");

/** Whatever a shell would read into it: quotes, substitutions, lines, comments, options. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        "`id`",
        "$(id)",
        "$HOME",
        "\\",
        "\n",
        "\r",
        "#",
        "!!",
        "*",
        "~",
        ";",
        "@",
        "-d",
        "%s",
      ),
      fc.string({ unit: "grapheme" }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join("").replaceAll("\0", ""));
const headerName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]{0,12}$/);
const headerValue = nasty.map((text) => text.replaceAll(/[\r\n]/g, "")).filter((text) => text !== "••••");

const request = fc.record({
  method: fc.constant("POST" as const),
  url: nasty.map((text) => `https://acme.example/${text}`),
  headers: fc.dictionary(headerName, headerValue, { maxKeys: 5 }),
  body: nasty,
});

describe("a request as a command of curl", () => {
  it("reaches curl as it is, through a real shell, whatever is in it", () => {
    fc.assert(
      fc.property(request, (sent) => {
        const words = run(curlOf(sent));
        const headers = Object.entries(sent.headers).flatMap(([name, value]) => [
          "--header",
          value === "" ? `${name};` : `${name}: ${value}`,
        ]);
        expect(words).toEqual([
          ...["--globoff", "--request", "POST", "--url", sent.url],
          ...headers,
          ...["--data-binary", "@-", sent.body],
        ]);
      }),
      RUNS,
    );
  });

  it("may have a body that is longer than an argument may be", () => {
    const body = `"${"é'".repeat(150_000)}"`;
    // As a file: the shell of this test takes no longer argument either.
    const command = curlOf({ method: "POST", url: "https://acme.example/", headers: {}, body });
    const told = execFileSync("sh", { input: PRINTS + command, encoding: "utf8", maxBuffer: 1e7 });
    expect(told.split("\0").at(-1) === body).toBe(true);
  });

  it("has no value that is not shown, and says where to put one", () => {
    const command = curlOf({
      method: "POST",
      url: "https://acme.example/***",
      headers: { "content-type": "application/json", "webhook-signature": "••••", "x-empty": "" },
      body: '{"a":1}',
    });
    expect(command).toBe(
      [
        "# Put in what is ***: parts of URLs, secrets and signatures are not shown.",
        `printf %s '{"a":1}' |`,
        "  curl --globoff --request POST --url 'https://acme.example/***' \\",
        "    --header 'content-type: application/json' \\",
        "    --header 'webhook-signature: ***' \\",
        "    --header 'x-empty;' \\",
        "    --data-binary @-",
        "",
      ].join("\n"),
    );
  });
});

describe("the command that certifies a receiver", () => {
  const plain = {
    profile: "standard" as const,
    signature_prefix: true,
    replay_protection: false,
    signature_header: null,
    signature_encoding: "hex" as const,
    signed_content: "body" as const,
  };

  it("has the endpoint's profile, and the secret from the shell", () => {
    const [url, ...words] = run(certifyOf("https://acme.example/", plain)).slice(2);
    expect(url).toBe("https://acme.example/");
    expect(words).toEqual(["--secret", "from outside", "--profile", "standard", ""]);
  });

  it("has the options that the endpoint has otherwise than others", () => {
    const command = certifyOf("https://acme.example/***", {
      profile: "hmac",
      signature_prefix: false,
      replay_protection: true,
      signature_header: "X-It's-Mine",
      signature_encoding: "base64",
      signed_content: "timestamp.body",
    });
    expect(command).toContain("# Put in what is ***");
    expect(run(command).slice(2)).toEqual([
      ...["https://acme.example/***", "--secret", "from outside", "--profile", "hmac", "--bare-signature"],
      ...["--replay-protection", "--signature-header", "X-It's-Mine", "--signature-encoding", "base64"],
      ...["--signed-content", "timestamp.body", ""],
    ]);
  });
});
