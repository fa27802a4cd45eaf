import type { DeliveryContext } from "./delivery-context.ts";
import type { InFlightEvent } from "./in-flight-event.ts";
import { isSuspect, judgePoison, type Verdict } from "./verdict.ts";

/**
 * Prepares the next attempt of an event: reads how often the group has failed to handle it, and counts
 * the attempt of a suspect as failed before it begins, because it may end the process. Returns undefined
 * when there is nothing to wait for; resolves to a verdict for a poison message. Never rejects.
 */
export function prepareAttempt(
  event: InFlightEvent,
  context: DeliveryContext,
): Promise<Verdict | undefined> | undefined {
  if (event.failures === undefined) {
    const failures = readFailures(event, context);
    if (failures instanceof Promise) {
      return failures.then((count) => {
        setFailures(event, count);
        return prepareSuspect(event, context);
      });
    }
    setFailures(event, failures);
  }
  return prepareSuspect(event, context);
}

/** Counts the current attempt as failed. Resolves to false when the broker does not record it. Never rejects. */
export function countFailure(
  event: InFlightEvent,
  context: DeliveryContext,
): Promise<boolean> | undefined {
  return event.failures === event.attempt ? undefined : record(event, event.attempt, context);
}

/** Takes the failure of a suspect back, which was counted before its attempt. Never rejects. */
export function uncountFailure(
  event: InFlightEvent,
  context: DeliveryContext,
): Promise<boolean> | undefined {
  return event.failures === event.attempt ? record(event, event.attempt - 1, context) : undefined;
}

function prepareSuspect(
  event: InFlightEvent,
  context: DeliveryContext,
): Promise<Verdict | undefined> | undefined {
  const { maxAttempts } = context.settings;
  if (!isSuspect(event.lease.deliveries, maxAttempts)) return undefined;
  if ((event.failures ?? 0) >= maxAttempts) return Promise.resolve(judgePoison(event));
  return Promise.resolve(countFailure(event, context)).then(() => undefined);
}

function setFailures(event: InFlightEvent, failures: number): void {
  event.failures = failures;
  event.attempt = failures + 1;
}

/** A count that cannot be read is taken for 0: the event has more attempts then, never fewer. */
function readFailures(
  { lease }: InFlightEvent,
  { status }: DeliveryContext,
): number | Promise<number> {
  const assumeNone = (reason: unknown) => {
    status.recordError(reason);
    return 0;
  };
  try {
    const failures = lease.readFailures();
    return typeof failures === "number" ? failures : failures.catch(assumeNone);
  } catch (reason) {
    return assumeNone(reason);
  }
}

function record(
  event: InFlightEvent,
  failures: number,
  { status }: DeliveryContext,
): Promise<boolean> | undefined {
  event.failures = failures;
  const fail = (reason: unknown) => {
    status.recordError(reason);
    return false;
  };
  try {
    return event.lease.recordFailures(failures)?.then(() => true, fail);
  } catch (reason) {
    return Promise.resolve(fail(reason));
  }
}
