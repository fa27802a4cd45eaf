import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { readLocale, readTimeZone } from "./region.ts";

function catchError(read: () => unknown): ConnectError {
  try {
    read();
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("expected an error");
}

describe("readLocale()", () => {
  it.each([
    ["en", "en"],
    ["de-at", "de-AT"],
    ["zh-hant-tw", "zh-Hant-TW"],
  ])("reads %s as %s", (locale, expected) => {
    expect(readLocale(locale)).toBe(expected);
  });

  it.each(["", "xx", "german", "de_DE", "de-", "*"])("refuses %j", (locale) => {
    const error = catchError(() => readLocale(locale));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.rawMessage).toBe(
      `there is no locale ${locale}: send a BCP 47 tag, such as en or de-AT`,
    );
  });
});

describe("readTimeZone()", () => {
  it.each(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata"])(
    "reads %s",
    (timeZone) => {
      expect(readTimeZone(timeZone)).toBe(timeZone);
    },
  );

  it.each(["", "Europe/Atlantis", "CET+1", "+01:00", "Berlin"])("refuses %j", (timeZone) => {
    const error = catchError(() => readTimeZone(timeZone));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.rawMessage).toBe(
      `there is no time zone ${timeZone}: send a name of the IANA database, such as Europe/Berlin`,
    );
  });
});
