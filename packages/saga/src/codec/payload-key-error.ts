import { ApplicationFailure } from "@temporalio/common";

const name = "PayloadKeyError";

/** The error of a payload that cannot be decrypted. Its message names keys by their ids, and nothing else. */
export class PayloadKeyError extends Error {
  override readonly name = name;
}

/** Checks whether an error is a PayloadKeyError, also as the worker reports it for an activity. */
export function isPayloadKeyError(error: unknown): boolean {
  if (error instanceof ApplicationFailure) return error.type === name;
  return error instanceof Error && error.name === name;
}
