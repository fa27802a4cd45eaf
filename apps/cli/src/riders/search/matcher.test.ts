import { describe, expect, it } from "vitest";
import { createPatterns, findIn, type Wanted } from "./matcher.ts";

const name: Wanted = { what: "name", text: 'Zoë "Z" \\ Q' };
const email: Wanted = { what: "email", text: "Zoe@Quist.example", ignoreCase: true };
const patterns = createPatterns([name, email]);
const find = (content: string | Uint8Array) => [...findIn(Buffer.from(content), patterns)];

describe("findIn()", () => {
  it.each([
    ["as it is", `x${name.text}x`],
    ["in JSON", JSON.stringify({ name: name.text })],
    ["in a URL", `?name=${encodeURIComponent(name.text)}`],
    ["in hex", Buffer.from(name.text).toString("hex")],
    ["in a row", `(1,"${name.text.replaceAll(/["\\\\]/g, "$&$&")}")`],
    ["among bytes that are no text", Buffer.concat([Buffer.of(255, 0), Buffer.from(name.text)])],
  ])("finds a value %s", (_form, content) => {
    expect(find(content)).toEqual([name]);
  });

  it("finds the email alone in other cases of letters", () => {
    expect(find("ZOE@QUIST.EXAMPLE")).toEqual([email]);
    expect(find(name.text.toLowerCase())).toEqual([]);
  });
});
