import { describe, expect, it } from "vitest";
import { createScreen, type Screen } from "../../../src/cli/screen.ts";
import { plainTerminal } from "../../support/plain-terminal.ts";

function draw(isInteractive: boolean, show: (screen: Screen) => void): string {
  let drawn = "";
  const write = (text: string): void => {
    drawn += text;
  };
  show(createScreen({ ...plainTerminal({ write, writeError: write }), isInteractive }));
  return drawn;
}

function scene(screen: Screen): void {
  screen.progress(0.1, "soon");
  screen.line("an attempt");
  screen.progress(0.6, "later");
  screen.progress(0.61, "later");
  screen.clear();
  screen.line("the end");
}

describe("the demo's screen", () => {
  it("draws the bar over in a terminal, and lines above it", () => {
    const bars = draw(true, scene).split("\r\u001b[2K");
    expect(bars[1]).toMatch(/━{3}─{29} {2}soon$/);
    expect(bars[2]).toMatch(/^an attempt\n.*soon$/);
    expect(bars.at(-1)).toBe("the end\n");
  });

  it("writes plain lines elsewhere, one at each quarter", () => {
    expect(draw(false, scene)).toBe("an attempt\n  50 %  later\nthe end\n");
  });
});
