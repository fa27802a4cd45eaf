import { unsafeCharacters } from "./unsafe-characters.ts";

/**
 * Escapes the characters of a text that could change how a terminal, a log or a page shows what is around
 * them: `\n` and `\u202e` become visible. The escapes are those of JSON, so that an escaped JSON document
 * has the same value. Use it wherever text from outside is printed.
 *
 * @example
 * console.log(escapeText("late\u202e\u001b[2J")); // late\u202e\u001b[2J, as text
 */
export function escapeText(text: string): string {
  return text.replaceAll(unsafeCharacters, escapeCharacter);
}

/**
 * Returns the first character that `escapeText` escapes, escaped; undefined when there is none.
 *
 * @example
 * findUnsafeCharacter("late"); // undefined
 */
export function findUnsafeCharacter(text: string): string | undefined {
  // A match would list all of them.
  const index = text.search(unsafeCharacters);
  return index < 0
    ? undefined
    : escapeCharacter(String.fromCodePoint(text.codePointAt(index) ?? 0));
}

const shortEscapes: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

function escapeCharacter(character: string): string {
  const short = shortEscapes.get(character);
  if (short !== undefined) return short;
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
