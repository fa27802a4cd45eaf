import { decodeEvent } from "../wire/decode-event.ts";
import { type Attempt, createAttempt } from "./attempt.ts";
import type { DeliveryContext } from "./delivery-context.ts";
import { type InFlightEvent, markHandling } from "./in-flight-event.ts";
import { abandon, ack, isPoison, judgeFailure, judgePoison, type Verdict } from "./verdict.ts";

/**
 * Decodes an event, calls its handler and returns the verdict: at once when the handler returns no
 * promise, so that synchronous handlers cost no promise. Never throws or rejects.
 */
export function handle(event: InFlightEvent, context: DeliveryContext): Verdict | Promise<Verdict> {
  const { group, settings, parseTime } = context;
  if (isPoison(event.attempt, settings.maxAttempts)) return judgePoison(event.attempt);
  try {
    const { message, envelope } = decodeEvent(event.binding.topic, event.lease.record, parseTime);
    const attempt = createAttempt(envelope, { group, attempt: event.attempt });
    markHandling(event, attempt);
    const returned: unknown = event.binding.handler(message, attempt.delivery);
    return isThenable(returned) ? awaitVerdict(event, attempt, { returned, context }) : ack;
  } catch (reason) {
    return Promise.resolve(judgeFailure(reason, event.attempt, settings));
  }
}

/** Waits for the handler. An attempt that exceeded its timeout has failed, whatever the handler returns. */
async function awaitVerdict(
  event: InFlightEvent,
  attempt: Attempt,
  { returned, context }: { readonly returned: unknown; readonly context: DeliveryContext },
): Promise<Verdict> {
  context.timeouts.start(event);
  let failure: { readonly reason: unknown } | undefined;
  try {
    await returned;
  } catch (reason) {
    failure = { reason };
  }
  context.timeouts.stop(event);
  if (event.state !== attempt) return abandon;
  const { aborted } = attempt;
  if (aborted?.code === "deadline_exceeded") failure = { reason: aborted };
  if (failure === undefined) return ack;
  // An attempt that stop aborted has not failed.
  if (aborted?.code === "aborted") return { kind: "release", delayMs: 0 };
  return judgeFailure(failure.reason, event.attempt, context.settings);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}
