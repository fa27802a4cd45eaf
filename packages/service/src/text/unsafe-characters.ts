/**
 * Control characters, bidi overrides and isolates, zero-width and other invisible characters, line and
 * paragraph separators, lone surrogates and noncharacters.
 */
const unshown = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}\u2800]`;

const pictograph = String.raw`\p{Extended_Pictographic}`;
/** Letters and digits that only the tags of a flag stand for, such as those of England. */
const tag = String.raw`\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}`;
/** The scripts that are written with joiners and non-joiners. */
const joined = Array.from(
  "Arab Syrc Mong Nkoo Adlm Rohg Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Mymr Khmr".split(
    " ",
  ),
  (script) => String.raw`\p{scx=${script}}`,
);

/** Where a character that is not shown by itself belongs to the one before it. */
const belonging = [
  // The colour of a pictograph or a keycap.
  String.raw`(?<=${pictograph})[\uFE0E\uFE0F]`,
  String.raw`(?<=[0-9#*])\uFE0F(?=\u20E3)`,
  // A pictograph of several, such as a family.
  String.raw`(?<=${pictograph}[\uFE0F\p{Emoji_Modifier}]?)\u200D(?=${pictograph})`,
  // A flag of a part of a country: a black flag with at most six tags and their end.
  String.raw`(?<=\u{1F3F4}[${tag}]{0,5})[${tag}]`,
  String.raw`(?<=\u{1F3F4}[${tag}]{1,6})\u{E007F}`,
  // A form of a letter in a word, such as of Persian or Hindi.
  String.raw`(?<=[${joined.join("")}])[\u200C\u200D]`,
  String.raw`(?<=\p{scx=Mong})[\u180B-\u180F]`,
  // A variant of an ideograph, as in names of Japanese persons.
  String.raw`(?<=\p{Ideographic})[\uFE00-\uFE02\u{E0100}-\u{E01EF}]`,
  // Signs of numbers and texts that are shown, although Unicode counts them among the format characters.
  String.raw`[\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2\u{110BD}\u{110CD}]`,
];

/**
 * Matches each character that changes how the text around it is shown, or is not shown. Emoji, and the words
 * and names of all scripts contain none.
 */
export const unsafeCharacters: RegExp = new RegExp(
  String.raw`(?=${unshown})(?!${belonging.join("|")}).`,
  "gsu",
);
