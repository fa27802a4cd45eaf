import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { findCause, formatReason, refusalCodes } from "@fanfare/service";
import { Context } from "@temporalio/activity";
import { ApplicationFailure, ApplicationFailureCategory } from "@temporalio/common";

/** The timeout of one attempt, in milliseconds. Shorter than that of its activity. */
const callTimeoutMs = 4_000;

/**
 * Calls a service from an activity, with the idempotency key `<workflow id>/<step>`, a timeout of 4 s and
 * the cancellation of the activity. Rejects with an ApplicationFailure whose type is the name of the
 * Connect code: non-retryable for a business refusal, retryable for anything else.
 */
export async function callService<T>(
  step: string,
  call: (options: CallOptions) => Promise<T>,
): Promise<T> {
  const { info, cancellationSignal } = Context.current();
  const key = `${info.workflowExecution?.workflowId}/${step}`;
  try {
    return await call({
      headers: { "idempotency-key": key },
      timeoutMs: callTimeoutMs,
      signal: cancellationSignal,
    });
  } catch (error) {
    // Temporal expects its own CancelledFailure from a cancelled activity.
    cancellationSignal.throwIfAborted();
    throw createFailure(error);
  }
}

/** The longest message, in characters: a failure is stored in the history, which accepts 2 MB. */
const maxMessageLength = 1_000;

function isConnectError(error: unknown): error is ConnectError {
  return error instanceof ConnectError;
}

/** Checks for a Connect error with a code. Unknown is the one of an error that had none. */
function isCoded(error: unknown): error is ConnectError {
  return isConnectError(error) && error.code !== Code.Unknown;
}

/** Creates the failure of a call. Its Connect code decides whether it is retryable, also behind wrappers. */
function createFailure(error: unknown): ApplicationFailure {
  const found = findCause(error, isCoded) ?? findCause(error, isConnectError);
  const { code, rawMessage } = found ?? new ConnectError(formatReason(error), Code.Unknown);
  const nonRetryable = refusalCodes.has(code);
  return ApplicationFailure.create({
    message: rawMessage.slice(0, maxMessageLength),
    type: codeToString(code),
    nonRetryable,
    ...(nonRetryable ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });
}
