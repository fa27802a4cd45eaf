/** Where and in which language a time is read. */
export interface TimeFormat {
  readonly locale: string;
  /** A name of the IANA time zone database. */
  readonly timeZone: string;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** Formats the day of an instant. */
export function formatDay(instant: Date, { locale, timeZone }: TimeFormat): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone }).format(instant);
}

/**
 * Formats the start and the end of a period. Both have their offset from UTC when it changes in between, and when
 * a clock shows one of them twice.
 */
export function formatPeriod(start: Date, end: Date, format: TimeFormat): [string, string] {
  const { locale, timeZone } = format;
  const instants = [start, end] as const;
  const [before, after] = instants.map((instant) => readOffset(instant, timeZone));
  const needsOffset = before !== after || instants.some((one) => isAmbiguous(one, timeZone));
  const formatter = new Intl.DateTimeFormat(locale, {
    dateStyle: "long",
    timeStyle: "short",
    timeZone,
  });
  const write = (instant: Date) =>
    formatter.format(instant) +
    (needsOffset ? ` (${formatOffset(readOffset(instant, timeZone))})` : "");
  return [write(start), write(end)];
}

/** Returns whether a local clock shows the time of the instant once more, because it was set back. */
function isAmbiguous(instant: Date, timeZone: string): boolean {
  const own = readOffset(instant, timeZone);
  return [-dayMs, dayMs].some((distance) => {
    const other = readOffset(new Date(instant.getTime() + distance), timeZone);
    const again = new Date(instant.getTime() + (own - other) * minuteMs);
    return other !== own && readOffset(again, timeZone) === other;
  });
}

/** Returns how far a time zone is ahead of UTC, in minutes. */
function readOffset(instant: Date, timeZone: string): number {
  const format = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
  const text = format.formatToParts(instant).find(({ type }) => type === "timeZoneName")?.value;
  const [, sign, hours, minutes] = /^GMT([+-])(\d\d):(\d\d)/.exec(text ?? "") ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}

function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

function pad(part: number): string {
  return String(part).padStart(2, "0");
}
