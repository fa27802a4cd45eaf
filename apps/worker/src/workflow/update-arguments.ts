import { earlyUpdateType, refusedUpdateType } from "@fanfare/trip-contract";
import { ApplicationFailure } from "@temporalio/workflow";

/** The longest text of an argument, in characters: it stays in the workflow's history. */
const maxTextLength = 1_000;

/** Reads a text of an update's argument. Throws a refused update when it is missing or too long. */
export function readText(
  argument: unknown,
  { field, missing }: { readonly field: string; readonly missing: string },
): string {
  const text = readString(argument, field);
  if (text === undefined) throw createRefusedUpdate(missing);
  if (text.length > maxTextLength) {
    throw createRefusedUpdate(`the ${field} is too long: use at most ${maxTextLength} characters`);
  }
  return text;
}

/** Checks that a field of an update's argument is an ISO time. Throws a refused update otherwise. */
export function checkTime(
  argument: unknown,
  options: { readonly field: string; readonly missing: string },
): void {
  const text = readText(argument, options);
  if (Number.isNaN(Date.parse(text))) throw createRefusedUpdate(options.missing);
}

/** Reads the step that an update names. Returns undefined when it names none and means all. */
export function readStep(argument: unknown): string | undefined {
  const step = readString(argument, "step");
  const given = typeof argument === "object" && argument !== null && "step" in argument;
  if (given && step === undefined) throw createRefusedUpdate("step is not the name of a step");
  return step;
}

/** Creates the failure of an update that is rejected for good. */
export function createRefusedUpdate(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, refusedUpdateType);
}

/** Creates the failure of an update that may be sent again soon. */
export function createEarlyUpdate(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, earlyUpdateType);
}

function readString(argument: unknown, field: string): string | undefined {
  if (typeof argument !== "object" || argument === null) return undefined;
  const value: unknown = Reflect.get(argument, field);
  return typeof value === "string" ? value : undefined;
}
