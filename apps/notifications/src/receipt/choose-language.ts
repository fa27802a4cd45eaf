import { english } from "./english.ts";
import { german } from "./german.ts";
import type { Texts } from "./texts.ts";

/** The languages of receipts, by their BCP 47 codes. */
const languages: ReadonlyMap<string, Texts> = new Map([
  ["en", english],
  ["de", german],
]);

/** The texts of a receipt, and the locale of its amounts and times. */
export interface ChosenLanguage {
  readonly texts: Texts;
  readonly locale: string;
}

/**
 * Returns the texts and formats for a rider's locale: those of its language and region, without extensions such
 * as another calendar. English for a language without texts.
 */
export function chooseLanguage(locale: string): ChosenLanguage {
  const { language, baseName } = new Intl.Locale(locale);
  const texts = languages.get(language);
  return texts === undefined ? { texts: english, locale: "en" } : { texts, locale: baseName };
}

/**
 * Throws an Error when Node.js lacks the data of a language of receipts, as builds without full ICU do: amounts and
 * times would be in English.
 */
export function assertLanguageData(
  find = (names: string[]) => Intl.DateTimeFormat.supportedLocalesOf(names),
): void {
  const names = [...languages.keys()];
  const known = find(names);
  const missing = names.filter((name) => !known.includes(name));
  if (missing.length === 0) return;
  throw new Error(
    `expected Node.js to have the data of ${names.join(", ")}, it has none of ${missing.join(", ")}: ` +
      "use a build with full ICU",
  );
}
