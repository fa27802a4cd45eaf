import { describe, expect, it } from "vitest";
import { escapeText, findUnsafeCharacter } from "./escape-text.ts";

const unsafe: readonly (readonly [string, string, string])[] = [
  ["a line feed", "\n", "\\n"],
  ["an escape", "\u001b", "\\u001b"],
  ["a C1 control", "\u009b", "\\u009b"],
  ["DEL", "\u007f", "\\u007f"],
  ["U+0000", "\u0000", "\\u0000"],
  ["a bidi override", "\u202e", "\\u202e"],
  ["a bidi isolate", "\u2066", "\\u2066"],
  ["a mark of direction", "\u200f", "\\u200f"],
  ["a zero-width space", "\u200b", "\\u200b"],
  ["a zero-width joiner", "\u200d", "\\u200d"],
  ["a byte order mark", "\ufeff", "\\ufeff"],
  ["a soft hyphen", "\u00ad", "\\u00ad"],
  ["a line separator", "\u2028", "\\u2028"],
  ["a paragraph separator", "\u2029", "\\u2029"],
  ["a lone high surrogate", "\ud800", "\\ud800"],
  ["a lone low surrogate", "\udc00", "\\udc00"],
  ["a noncharacter", "\uffff", "\\uffff"],
  ["a Hangul filler", "\u3164", "\\u3164"],
  ["a braille blank", "\u2800", "\\u2800"],
  ["a tag", "\u{e0041}", "\\udb40\\udc41"],
  ["a variation selector of a letter", "a\ufe0f", "a\\ufe0f"],
];

describe("escapeText()", () => {
  it.each(unsafe)("escapes %s", (_name, text, escaped) => {
    expect(escapeText(`x${text}y`)).toBe(`x${escaped}y`);
    expect(findUnsafeCharacter(`x${text}y`)).toBe(escaped.slice(escaped.indexOf("\\")));
  });

  it.each(["plain", "Zoë 李 עברית", "a \\n b", "€ 1,30", "🚗 ❤️", ""])("keeps %j", (text) => {
    expect(escapeText(text)).toBe(text);
    expect(findUnsafeCharacter(text)).toBeUndefined();
  });

  it("keeps the value of a JSON document", () => {
    const value = { text: unsafe.map(([, text]) => text).join("") };
    const line = escapeText(JSON.stringify(value));
    expect(findUnsafeCharacter(line)).toBeUndefined();
    expect(JSON.parse(line)).toEqual(value);
  });
});
