import { isThenable } from "../kit/notify.ts";
import { type DecodedEvent, decodeEvent, hasOtherType } from "../wire/decode-event.ts";
import { type Attempt, createAttempt } from "./attempt.ts";
import { classifyFailure } from "./classify-failure.ts";
import { prepareAttempt } from "./count-failures.ts";
import type { DeliveryContext } from "./delivery-context.ts";
import { type InFlightEvent, markHandling } from "./in-flight-event.ts";
import { readError } from "./read-error.ts";
import { abandon, ack, judgeFailure, type Verdict } from "./verdict.ts";

/**
 * Prepares an attempt, decodes the event, calls its handler and returns the verdict: at once when nothing
 * has to be waited for, so that synchronous handlers cost no promise. Never throws or rejects.
 */
export function handle(event: InFlightEvent, context: DeliveryContext): Verdict | Promise<Verdict> {
  const preparing = prepareAttempt(event, context);
  if (preparing === undefined) return callHandler(event, context);
  return preparing.then((verdict) => {
    const { state } = context.status;
    if (verdict !== undefined) return verdict;
    const ends = state === "stopping" || state === "stopped";
    return ends ? { kind: "release", delayMs: 0 } : callHandler(event, context);
  });
}

function callHandler(event: InFlightEvent, context: DeliveryContext): Verdict | Promise<Verdict> {
  const { group, parseTime, runClean } = context;
  const { binding, lease } = event;
  let decoded: DecodedEvent;
  try {
    decoded = decodeEvent(binding.topic, lease.record, parseTime);
  } catch (reason) {
    return Promise.resolve(judgeUndecodable(reason, event, context));
  }
  const attempt = createAttempt(decoded.envelope, {
    group,
    attempt: event.attempt,
    redelivered: lease.deliveries > 1,
  });
  markHandling(event, attempt);
  try {
    const returned: unknown = runClean(() => binding.handler(decoded.message, attempt.delivery));
    return isThenable(returned) ? awaitVerdict(event, attempt, { returned, context }) : ack;
  } catch (reason) {
    return Promise.resolve(judge(reason, event, context));
  }
}

/** A newer version of the process may know the type: the event is left to it for a while. */
function judgeUndecodable(
  reason: unknown,
  { binding, lease }: InFlightEvent,
  { broker, settings }: DeliveryContext,
): Verdict {
  const error = readError(reason);
  const age = broker.clock.now() - lease.record.storedAt;
  if (hasOtherType(binding.topic, lease.record) && age < settings.unknownTypeGraceMs) {
    return { kind: "release", delayMs: settings.backoff(lease.deliveries), error };
  }
  return { kind: "dead-letter", error, cause: "undecodable" };
}

function judge(reason: unknown, { attempt }: InFlightEvent, context: DeliveryContext): Verdict {
  const { settings, status, runClean } = context;
  const kind = runClean(() => classifyFailure(reason, settings.classify, status.recordError));
  return judgeFailure(reason, { attempt, kind }, settings);
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
  if (aborted?.code === "deadline_exceeded") {
    const { attempt: number } = event;
    return judgeFailure(aborted, { attempt: number, kind: "retry" }, context.settings);
  }
  if (failure === undefined) return ack;
  // An attempt that stop aborted has not failed.
  if (aborted?.code === "aborted") return { kind: "release", delayMs: 0 };
  return judge(failure.reason, event, context);
}
