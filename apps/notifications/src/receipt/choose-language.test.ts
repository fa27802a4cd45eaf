import { describe, expect, it } from "vitest";
import { assertLanguageData, chooseLanguage } from "./choose-language.ts";
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
});

describe("assertLanguageData()", () => {
  it("accepts this Node.js, and refuses one that knows English alone", () => {
    expect(() => assertLanguageData()).not.toThrow();
    expect(() => assertLanguageData(() => ["en"])).toThrow(
      "it has none of de: use a build with full ICU",
    );
  });
});
