import { describe, expect, it } from "vitest";
import { chooseLanguage } from "./choose-language.ts";
import { english } from "./english.ts";
import { german } from "./german.ts";

describe("chooseLanguage()", () => {
  it.each([
    ["en", english, "en"],
    ["en-GB", english, "en-GB"],
    ["de", german, "de"],
    ["de-AT", german, "de-AT"],
    ["DE-ch", german, "de-CH"],
    ["de-DE-u-ca-buddhist-nu-arab", german, "de-DE"],
    ["fr-FR", english, "en"],
    ["zh-Hant-TW", english, "en"],
  ])("chooses the texts and formats of %s", (locale, texts, formats) => {
    expect(chooseLanguage(locale)).toEqual({ texts, locale: formats });
  });

  it("finds the data of each language in this Node.js", () => {
    for (const locale of ["en", "de"]) {
      expect(new Intl.NumberFormat(locale).resolvedOptions().locale).toBe(locale);
    }
  });
});
