import { WriteStream } from "node:tty";
import { findUnsafeCharacter } from "@fanfare/service";
import { describe, expect, it, vi } from "vitest";
import { alignRows, createTerminal } from "./terminal.ts";

const attacks = [
  "\u001b]52;c;aGk=\u0007",
  "\u001b[2J\u001b[H",
  "\u009b31m",
  "\u202egnp.exe",
  "a\rb",
  "a\nSETTLED",
  "\u001b[32mSETTLED\u001b[39m",
];

function createTestTerminal({ colours }: { colours: boolean }) {
  let text = "";
  const stream = Object.create(WriteStream.prototype, {
    isTTY: { value: colours },
    getColorDepth: { value: () => (colours ? 8 : 1) },
    hasColors: { value: () => colours },
    write: { value: (chunk: string) => (text += chunk) },
  });
  return { terminal: createTerminal(stream), read: () => text };
}

describe("a terminal", () => {
  it.each(attacks)("prints %j as visible characters in one line", (attack) => {
    const { terminal, read } = createTestTerminal({ colours: false });
    terminal.line(`reason ${attack}`);
    for (const line of alignRows([[attack, "x"]])) terminal.line(line);
    terminal.line(terminal.colour("dim", attack));
    expect(
      read()
        .split("\n")
        .flatMap((line) => findUnsafeCharacter(line) ?? []),
    ).toEqual([]);
    expect(read().split("\n")).toHaveLength(4);
  });

  it("keeps its own colours alone", () => {
    vi.stubEnv("FORCE_COLOR", "1");
    const { terminal, read } = createTestTerminal({ colours: true });
    const other = createTestTerminal({ colours: true }).terminal;
    terminal.line(
      `${terminal.colour("red", "red")} ${other.colour("red", "plain")} \u001b[31mtext`,
    );
    expect(read()).toBe("\u001b[31mred\u001b[39m plain \\u001b[31mtext\n");
    vi.unstubAllEnvs();
  });

  it("prints a JSON document that keeps its value", () => {
    const { terminal, read } = createTestTerminal({ colours: false });
    terminal.line(JSON.stringify(attacks));
    expect(JSON.parse(read())).toEqual(attacks);
  });
});

describe("alignRows()", () => {
  it("aligns columns and ignores colours", () => {
    const { terminal } = createTestTerminal({ colours: true });
    const green = terminal.colour("green", "abc");
    expect(
      alignRows([
        ["a", "long", "x"],
        [green, "b"],
      ]),
    ).toEqual(["a    long  x", `${green}  b`]);
  });

  it("ends no row with spaces before an empty cell in a colour", () => {
    const { terminal, read } = createTestTerminal({ colours: false });
    const rows = [
      ["charge-fare", "parked", terminal.colour("dim", "declined")],
      ["reserve-vehicle", "done", terminal.colour("dim", "")],
    ];
    for (const row of alignRows(rows)) terminal.line(row);
    expect(read()).toBe("charge-fare      parked  declined\nreserve-vehicle  done\n");
  });
});
