/** Formats a duration in hours, minutes, seconds and milliseconds: 2 hours, 5 minutes. */
export function formatDuration(durationMs: number, locale: string): string {
  const duration = {
    hours: Math.floor(durationMs / 3_600_000),
    minutes: Math.floor(durationMs / 60_000) % 60,
    seconds: Math.floor(durationMs / 1_000) % 60,
    milliseconds: durationMs % 1_000,
  };
  const secondsDisplay = durationMs === 0 ? "always" : "auto";
  return new Intl.DurationFormat(locale, { style: "long", secondsDisplay }).format(duration);
}
