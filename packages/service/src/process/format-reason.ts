/**
 * Returns why something failed, in one line: the message of an error, of its cause where it has none,
 * and of each error of an AggregateError. Takes any value.
 */
export function formatReason(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error);
    if (error.message !== "") return error.message;
    if (error instanceof AggregateError) return error.errors.map(formatReason).join("; ");
    return error.cause === undefined ? error.name : formatReason(error.cause);
  } catch {
    return "an error without a readable message";
  }
}
