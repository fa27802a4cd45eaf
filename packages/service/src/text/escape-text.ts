/**
 * The characters that change how the text around them is shown, or are not shown: control characters, bidi
 * overrides and isolates, zero-width and other invisible characters, line and paragraph separators, lone
 * surrogates and noncharacters. A variation selector after a pictograph is a part of it.
 */
const unsafe =
  /(?!(?<=\p{Extended_Pictographic})\uFE0F)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/**
 * Escapes the characters of a text that could change how a terminal, a log or a page shows what is around
 * them: `\n` and `\u202e` become visible. The escapes are those of JSON, so that an escaped JSON document
 * has the same value. Use it wherever text from outside is printed.
 *
 * @example
 * console.log(escapeText("late\u202e\u001b[2J")); // late\u202e\u001b[2J, as text
 */
export function escapeText(text: string): string {
  return text.replaceAll(unsafe, escapeCharacter);
}

/**
 * Returns the first character that `escapeText` escapes, escaped; undefined when there is none.
 *
 * @example
 * findUnsafeCharacter("late"); // undefined
 */
export function findUnsafeCharacter(text: string): string | undefined {
  const found = text.match(unsafe)?.[0];
  return found === undefined ? undefined : escapeCharacter(found);
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
