import { encodeDeadLetter } from "../dead-letters/encode-dead-letter.ts";
import { BusError } from "../error.ts";
import { countFailure, uncountFailure } from "./count-failures.ts";
import type { DeliveryContext } from "./delivery-context.ts";
import {
  getSettlement,
  type InFlightEvent,
  markCounting,
  markDeadLettering,
  markSettling,
} from "./in-flight-event.ts";
import { reportFailure } from "./report-failure.ts";
import type { Verdict } from "./verdict.ts";

const storeTimeoutMs = 10_000;

/**
 * Settles an event by its verdict: ends its lease, counts and reports. The event's state has the promise
 * to wait for, if any. Never throws or rejects: an event whose settlement fails is delivered again.
 */
export function settle(event: InFlightEvent, verdict: Verdict, context: DeliveryContext): void {
  switch (verdict.kind) {
    case "ack":
      context.handled.add();
      context.status.recordSuccess();
      acknowledge(event, context);
      break;
    case "retry":
      context.failures.add();
      reportFailure(event, verdict, context);
      nakFailed(event, verdict.delayMs, context);
      break;
    case "dead-letter":
      if (verdict.cause !== "poison") context.failures.add();
      context.timeouts.stop(event);
      markDeadLettering(
        event,
        deadLetter(event, verdict, context).catch(context.status.recordError),
      );
      break;
    case "release":
      if (verdict.error !== undefined) context.status.recordError(verdict.error);
      void uncountFailure(event, context);
      nak(event, verdict.delayMs, context);
      break;
    case "pause":
    case "abandon":
      break;
  }
}

function acknowledge(
  event: InFlightEvent,
  { settings, status, heartbeats, timeouts }: DeliveryContext,
): void {
  heartbeats.stop(event);
  timeouts.stop(event);
  // At a stop the connection closes next: only a confirmed ack is certain to arrive.
  const confirmed = settings.confirmAcks || status.state === "stopping";
  markSettling(event, event.lease.ack({ confirmed })?.catch(status.recordError));
}

/** Counts the failure before the event is returned: the next delivery reads the count. */
function nakFailed(event: InFlightEvent, delayMs: number, context: DeliveryContext): void {
  context.timeouts.stop(event);
  const counting = countFailure(event, context);
  if (counting === undefined) return nak(event, delayMs, context);
  const counted = counting.then((isCounted) => {
    // Uncounted, it is delivered again and again: with the delays of its deliveries, which do count.
    const { deliveries } = event.lease;
    nak(event, isCounted ? delayMs : context.settings.backoff(deliveries), context);
    return getSettlement(event);
  });
  markCounting(event, counted);
}

function nak(
  event: InFlightEvent,
  delayMs: number,
  { status, heartbeats, timeouts }: DeliveryContext,
): void {
  heartbeats.stop(event);
  timeouts.stop(event);
  markSettling(event, event.lease.nak({ delayMs }).catch(status.recordError));
}

/** Stores the dead letter, then acknowledges the event. When storing fails, the event is retried. */
async function deadLetter(
  event: InFlightEvent,
  { error, cause }: Extract<Verdict, { kind: "dead-letter" }>,
  context: DeliveryContext,
): Promise<void> {
  const { broker, group, settings } = context;
  const { lease, attempt } = event;
  // The attempts of a poison message were counted before they began, and no other follows.
  const attempts = cause === "poison" ? (event.failures ?? attempt) : attempt;
  const details = { group, cause, error, attempts, at: broker.clock.now() };
  const options = { timeoutMs: storeTimeoutMs, signal: undefined };
  // An async function, so that a store that throws is handled after the event is marked.
  const store = async () =>
    await broker.deadLetters.store(group, encodeDeadLetter(lease.record, details), options);
  try {
    await store();
  } catch (reason) {
    const { code, message } = BusError.from(reason);
    const why = `${error.message}; and its dead letter cannot be stored: ${message}`;
    const failure = new BusError(code, why, { cause: error });
    reportFailure(event, { kind: "retry", error: failure }, context);
    void uncountFailure(event, context);
    nak(event, settings.backoff(attempt), context);
    return await getSettlement(event);
  }
  context.deadLettered.add();
  reportFailure(event, { kind: "dead-letter", error }, context);
  acknowledge(event, context);
  await getSettlement(event);
}
