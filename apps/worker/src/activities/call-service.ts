import { type CallOptions, ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { refusalCodes } from "@fanfare/service";
import { Context } from "@temporalio/activity";
import { ApplicationFailure, ApplicationFailureCategory } from "@temporalio/common";

/** How long one attempt of a call may take, in milliseconds: less than its activity may. */
const callTimeoutMs = 4_000;

/**
 * callService makes a service's call from an activity: with the idempotency-key
 * `<workflow id>/<step>`, a deadline, and the activity's own cancellation. A business refusal rejects
 * with a non-retryable ApplicationFailure of the code's name, anything else with a retryable one.
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
    // Temporal wants to see its own CancelledFailure come back.
    cancellationSignal.throwIfAborted();
    throw failureFrom(error);
  }
}

/** A failure stays in the trip's history, where Temporal takes no more than 2 MB: in characters. */
const longestMessage = 1_000;

/** failureFrom lets the Connect code decide whether a call is worth a retry. */
function failureFrom(error: unknown): ApplicationFailure {
  const { code, rawMessage } = ConnectError.from(error);
  const nonRetryable = refusalCodes.has(code);
  return ApplicationFailure.create({
    message: rawMessage.slice(0, longestMessage),
    type: codeToString(code),
    nonRetryable,
    ...(nonRetryable ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });
}
