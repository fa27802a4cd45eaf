import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Returns the canonical form of a BCP 47 tag, such as `de-AT` for `de-at`. Throws invalid_argument for a text
 * that is none, and for a language that this Node.js has no data of.
 */
export function readLocale(locale: string): string {
  const [known] = attempt(() => Intl.DateTimeFormat.supportedLocalesOf([locale])) ?? [];
  if (known !== undefined) return known;
  throw new ConnectError(
    `there is no locale ${locale}: send a BCP 47 tag, such as en or de-AT`,
    Code.InvalidArgument,
  );
}

/** Returns a name of the IANA time zone database. Throws invalid_argument when it does not contain the name. */
export function readTimeZone(timeZone: string): string {
  // An offset such as +01:00 has no daylight saving time.
  const isName = /^[a-z]/i.test(timeZone);
  if (isName && attempt(() => new Intl.DateTimeFormat("en", { timeZone })) !== undefined) {
    return timeZone;
  }
  throw new ConnectError(
    `there is no time zone ${timeZone}: send a name of the IANA database, such as Europe/Berlin`,
    Code.InvalidArgument,
  );
}

function attempt<T>(create: () => T): T | undefined {
  try {
    return create();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
