import { redactUrls } from "./redact-urls.ts";

/**
 * Returns why something failed, in one line: the message of an error, of its cause where it has none,
 * and of each error of an AggregateError. Shows no credentials of an address. Takes any value.
 */
export function formatReason(error: unknown): string {
  return redactUrls(findReason(error));
}

function findReason(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error);
    if (error.message !== "") return error.message;
    if (error instanceof AggregateError) return error.errors.map(findReason).join("; ");
    return error.cause === undefined ? error.name : findReason(error.cause);
  } catch {
    return "an error without a readable message";
  }
}
