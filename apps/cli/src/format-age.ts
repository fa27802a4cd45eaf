/** Formats the age of a time, such as "95 s" or "3 h"; "-" for undefined. */
export function formatAge(time: Date | undefined, now: number = Date.now()): string {
  if (time === undefined) return "-";
  const seconds = Math.max(0, Math.round((now - time.getTime()) / 1_000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
