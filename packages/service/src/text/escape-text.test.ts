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

  it.each([
    ["a man in a chair of another skin tone", "👨🏽\u200d🦽"],
    ["a family", "👨\u200d👩\u200d👧\u200d👦"],
    ["a couple with a heart in colour", "👩\u200d❤\ufe0f\u200d💋\u200d👨"],
    ["a rainbow flag", "🏳\ufe0f\u200d🌈"],
    ["a keycap", "1\ufe0f\u20e3 #\ufe0f\u20e3"],
    ["a telephone in black and white", "☎\ufe0e"],
    ["the flag of England", "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}"],
    ["Persian", "می\u200cخواهم علی\u200cرضا"],
    ["Hindi", "क्\u200dष राजा\u200cराम"],
    ["Bengali", "র\u200d্যাম"],
    ["Malayalam", "അവന്\u200d"],
    ["Sinhala", "ශ්\u200dරී"],
    ["Mongolian", "ᠬᠡᠯᠡ\u180bᠨ ᠠ"],
    ["a variant of an ideograph in a Japanese name", "葛\u{e0100}城"],
    ["the sign of an Arabic year", "\u0601١٤٤٧"],
    ["apostrophes", "D'Angelo O’Brien Hawaiʻi"],
    ["combining marks", "Nguye\u0302\u0303n Zoe\u0308"],
    ["names from right to left", "דוד محمد"],
  ])("keeps %s", (_name, text) => {
    expect(escapeText(text)).toBe(text);
    expect(findUnsafeCharacter(text)).toBeUndefined();
  });

  it.each([
    ["of a Latin word", "pay\u200dpal"],
    ["without a letter before it", "\u200cمن"],
    ["after another one", "می\u200c\u200cخواهم"],
    ["at the end of a pictograph", "🚗\u200d"],
  ])("escapes a joiner %s", (_name, text) => {
    expect(findUnsafeCharacter(text)).toMatch(/^\\u200[cd]$/);
  });

  it("escapes tags after another pictograph, and more than a flag has", () => {
    expect(findUnsafeCharacter("🚗\u{e0067}")).toBe("\\udb40\\udc67");
    expect(findUnsafeCharacter(`\u{1f3f4}${"\u{e0067}".repeat(8)}`)).toBe("\\udb40\\udc67");
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
