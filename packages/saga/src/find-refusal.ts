import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
} from "@temporalio/workflow";

/** Decides whether a failure is a business refusal, which no retry changes. */
export type RefusalPredicate = (failure: ApplicationFailure) => boolean;

/** A business refusal. */
export interface FoundRefusal {
  /** The name of a Connect code, such as `failed_precondition`, or the type of the ApplicationFailure. */
  readonly code: string;
  readonly message: string;
}

/**
 * Finds the business refusal in a failure, through every wrapper: activities, child workflows, Nexus
 * operations, and the causes of other errors. Returns undefined when there is none. A timeout, a
 * cancellation and a termination are no refusals, whatever they wrap.
 *
 * The outermost Connect code decides: `invalid_argument`, `not_found`, `already_exists`,
 * `failed_precondition`, `permission_denied` and `out_of_range` are refusals, all others are not. The code
 * is the type of an ApplicationFailure, or is in its details, or is that of a ConnectError. Where there is
 * no code, a non-retryable ApplicationFailure is a refusal. A predicate replaces these rules.
 *
 * @example
 * ```ts
 * import { ApplicationFailure } from "@temporalio/workflow";
 *
 * const declined = ApplicationFailure.nonRetryable("the card was declined", "failed_precondition");
 * findRefusal(new Error("the payment failed", { cause: declined }))?.code; // "failed_precondition"
 * ```
 */
export function findRefusal(
  failure: unknown,
  isRefusal?: RefusalPredicate,
): FoundRefusal | undefined {
  const errors = listCauses(failure);
  const applicationFailures = errors.filter((error) => error instanceof ApplicationFailure);
  if (isRefusal !== undefined) return describe(applicationFailures.find(isRefusal));
  for (const error of errors) {
    const code = readConnectCode(error);
    if (code === undefined) continue;
    return refusing.has(code) ? { code, message: readMessage(error, code) } : undefined;
  }
  return (
    describe(applicationFailures.find(({ nonRetryable }) => nonRetryable === true)) ??
    findHandlerRefusal(errors)
  );
}

/**
 * Lists an error and its causes, outermost first. Ends before a timeout, a cancellation and what cannot be
 * read.
 */
export function listCauses(failure: unknown): readonly Error[] {
  const errors: Error[] = [];
  try {
    for (let error = failure; error instanceof Error; error = error.cause) {
      if (isInterruption(error) || errors.includes(error) || errors.length === maxDepth) break;
      if (typeof error.message !== "string") break;
      errors.push(error);
    }
  } catch {
    // A getter or a proxy throws, and nothing behind it can be read.
  }
  return errors;
}

/** The most causes that are looked through. */
const maxDepth = 100;

function isInterruption(error: Error): boolean {
  return (
    error instanceof TimeoutFailure ||
    error instanceof CancelledFailure ||
    error instanceof TerminatedFailure
  );
}

const refusing: ReadonlySet<string> = new Set([
  "invalid_argument",
  "not_found",
  "already_exists",
  "permission_denied",
  "failed_precondition",
  "out_of_range",
]);

/** The names of Connect's codes by their number. `unknown` is absent: it decides nothing. */
const codesByNumber: Readonly<Record<number, string>> = {
  1: "canceled",
  3: "invalid_argument",
  4: "deadline_exceeded",
  5: "not_found",
  6: "already_exists",
  7: "permission_denied",
  8: "resource_exhausted",
  9: "failed_precondition",
  10: "aborted",
  11: "out_of_range",
  12: "unimplemented",
  13: "internal",
  14: "unavailable",
  15: "data_loss",
  16: "unauthenticated",
};
const codes: ReadonlySet<unknown> = new Set(Object.values(codesByNumber));

function readConnectCode(error: Error): string | undefined {
  const isFailure = error instanceof ApplicationFailure;
  const details = isFailure ? (error.details ?? []).map(readDetail) : [];
  if (isFailure) return [error.type, ...details, readPrefix(error, error.type)].find(isCode);
  return [readPrefix(error, error.name)].find(isCode);
}

function readDetail(detail: unknown): unknown {
  if (typeof detail !== "object" || detail === null) return detail;
  const code: unknown = Reflect.get(detail, "code");
  return typeof code === "number" ? codesByNumber[code] : code;
}

/** Reads the code that begins the message of a ConnectError, such as `[not_found] there is no trip`. */
function readPrefix({ message }: Error, name: string | null | undefined): string | undefined {
  return name === "ConnectError" ? /^\[(\w+)\]/.exec(message)?.[1] : undefined;
}

function isCode(code: unknown): code is string {
  return codes.has(code);
}

function readMessage({ message }: Error, code: string): string {
  const prefix = `[${code}] `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}

function describe(failure: ApplicationFailure | undefined): FoundRefusal | undefined {
  return failure && { code: failure.type ?? "refused", message: failure.message };
}

/** The types of a Nexus HandlerError that are refusals. */
const handlerRefusals: Readonly<Record<string, string>> = {
  BAD_REQUEST: "invalid_argument",
  NOT_FOUND: "not_found",
  CONFLICT: "already_exists",
  UNAUTHORIZED: "permission_denied",
};

/** Finds the refusal that a Nexus handler throws as a HandlerError without a cause. */
function findHandlerRefusal(errors: readonly Error[]): FoundRefusal | undefined {
  const error = errors.find(({ name }) => name === "HandlerError");
  const type: unknown = error && Reflect.get(error, "type");
  const code = typeof type === "string" ? handlerRefusals[type] : undefined;
  return error && code !== undefined ? { code, message: error.message } : undefined;
}
