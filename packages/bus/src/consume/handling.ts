import type { Broker } from "../broker.ts";
import { encodeDeadLetter } from "../dead-letters/encode-dead-letter.ts";
import { BusError } from "../error.ts";
import { memoizeLast } from "../kit/memoize-last.ts";
import { createRateCounter, type RateCounter } from "../kit/rate-counter.ts";
import { decodeEvent } from "../wire/decode-event.ts";
import { readId } from "../wire/read-header.ts";
import { createAttempt } from "./attempt.ts";
import type { HandlerFailure } from "./handler-failure.ts";
import type { Held } from "./held.ts";
import { type DeadLetterCause, isPoison, outcomeOf } from "./outcome.ts";
import type { LastWord, Settling } from "./settling.ts";
import type { SubscriptionSettings } from "./subscription-settings.ts";
import type { Uncounted } from "./uncounted.ts";

/** Handling runs handlers, and decides what becomes of their events. */
export interface Handling {
  readonly handled: RateCounter;
  readonly failures: RateCounter;
  readonly dead: RateCounter;
  /**
   * Tries an event until it is settled, or until the subscription has left it: at once where the
   * handler returns no promise, else until the promise that this returns.
   */
  run(item: Held): Promise<void> | undefined;
  /** Says that the attempt has taken too long. */
  overrun(item: Held): void;
}

export interface HandlingOptions {
  readonly broker: Broker;
  readonly group: string;
  readonly settings: SubscriptionSettings;
  readonly settling: Settling;
  readonly uncounted: Uncounted;
  /** Whether settling events is over. */
  readonly left: () => boolean;
  /** How an event is acknowledged now. */
  readonly acknowledge: LastWord;
  /** Whether an event is tried again in this process, and others wait for it. */
  readonly holdsBack: (item: Held) => boolean;
  /** Waits with a failed event, and holds others back; true when it is to be tried again. */
  readonly holdBack: (item: Held, delayMs: number) => Promise<boolean>;
  /** Waits for what the handler depends on; true when the event is to be tried again. */
  readonly sitOut: (item: Held) => Promise<boolean>;
  readonly onError: (error: Error) => void;
}

/** How long storing a dead letter may take, in milliseconds. */
const storeTimeoutMs = 10_000;

const giveBackAtOnce: LastWord = (lease) => lease.nak({ delayMs: 0 });

export function createHandling(options: HandlingOptions): Handling {
  const { broker, group, settings, settling, uncounted, left, acknowledge, sitOut } = options;
  const { maxAttempts, backoff } = settings;
  const parseTime = memoizeLast(Date.parse);
  const handled = createRateCounter(broker.clock);
  const failures = createRateCounter(broker.clock);
  const dead = createRateCounter(broker.clock);

  function run(item: Held): Promise<void> | undefined {
    if (isPoison(item.attempt, maxAttempts)) {
      const why = `it was handed out ${item.attempt} times and never settled: its handler may end the process`;
      bury(item, "poison", new BusError("permanent", why));
      return undefined;
    }
    const attempt = begin(item);
    if (attempt !== undefined) return goOn(item, attempt);
    succeed(item);
    return undefined;
  }

  /** begin calls the handler. Nothing is left to wait for when it has returned no promise. */
  function begin(item: Held): Promise<unknown> | undefined {
    try {
      const { message, envelope } = decodeEvent(item.binding.topic, item.lease.record, parseTime);
      item.running = createAttempt(envelope, { group, attempt: item.attempt });
      const returned: unknown = item.binding.handler(message, item.running.delivery);
      return isThenable(returned) ? Promise.resolve(returned) : undefined;
    } catch (reason) {
      return Promise.reject(reason);
    }
  }

  async function goOn(item: Held, first: Promise<unknown>): Promise<void> {
    for (let attempt: Promise<unknown> | undefined = first; ; attempt = begin(item)) {
      settling.startDeadline(item);
      const failure = await failureOf(item, attempt);
      if (item.settlement !== undefined || left()) return;
      if (!(await conclude(item, failure))) return;
    }
  }

  function succeed(item: Held): void {
    handled.add();
    uncounted.forget(item.lease);
    settling.settle(item, acknowledge);
  }

  /** conclude settles the event, or resolves to true when it is to be tried again in place. */
  async function conclude(
    item: Held,
    failure: { readonly reason: unknown } | undefined,
  ): Promise<boolean> {
    if (failure === undefined) {
      succeed(item);
      return false;
    }
    if (item.running?.aborted?.code === "aborted") {
      // An attempt that stop cut short has not failed.
      settling.settle(item, giveBackAtOnce);
      return false;
    }
    const error = errorOf(failure.reason);
    const { kind } = outcomeOf(error, { attempt: item.attempt, maxAttempts });
    if (kind === "pause") {
      report(item, error, "pause");
      return await sitOut(item);
    }
    if (kind === "retry" && options.holdsBack(item)) {
      failures.add();
      report(item, error, "retry");
      return await options.holdBack(item, backoff(item.attempt++));
    }
    fail(item, error);
    return false;
  }

  function fail(item: Held, error: Error): void {
    failures.add();
    const outcome = outcomeOf(error, { attempt: item.attempt, maxAttempts });
    if (outcome.kind === "dead-letter") return bury(item, outcome.cause, error);
    report(item, error, "retry");
    settling.settle(item, retry(item));
  }

  function retry(item: Held): LastWord {
    return (lease) => lease.nak({ delayMs: backoff(item.attempt) });
  }

  function bury(item: Held, cause: DeadLetterCause, error: Error): void {
    settling.settleLater(item, giveUp(item, cause, error));
  }

  /** giveUp stores the dead letter; an event of which none can be stored is not given up. */
  async function giveUp(item: Held, cause: DeadLetterCause, error: Error): Promise<LastWord> {
    const { lease, attempt } = item;
    const death = { group, cause, error, attempts: attempt, at: broker.clock.now() };
    const stored = { timeoutMs: storeTimeoutMs, signal: undefined };
    try {
      await broker.deadLetters.store(group, encodeDeadLetter(lease.record, death), stored);
    } catch (reason) {
      const { code, message } = BusError.from(reason);
      const why = `${error.message}; and its dead letter cannot be stored: ${message}`;
      report(item, new BusError(code, why, { cause: error }), "retry");
      return retry(item);
    }
    dead.add();
    uncounted.forget(lease);
    report(item, error, "dead-letter");
    return acknowledge;
  }

  function report(item: Held, error: Error, verdict: HandlerFailure["verdict"]): void {
    options.onError(error);
    const { record } = item.lease;
    const { topic } = record;
    try {
      settings.onFailure?.({
        group,
        topic,
        id: readId(record),
        attempt: item.attempt,
        error,
        verdict,
      });
    } catch (reason) {
      options.onError(errorOf(reason));
    }
  }

  return {
    handled,
    failures,
    dead,
    run,
    overrun(item) {
      const { handlerTimeoutMs } = settings;
      const id = readId(item.lease.record);
      const reason = new BusError(
        "deadline_exceeded",
        `the handler of ${group} took longer than ${handlerTimeoutMs} ms for event ${id}`,
      );
      const { kind } = outcomeOf(reason, { attempt: item.attempt, maxAttempts });
      // Settled first: what the abort sets off finds the attempt over. What is tried again here has to
      // wait until its handler returns.
      if (kind === "dead-letter" || !options.holdsBack(item)) fail(item, reason);
      item.running?.abort(reason);
    },
  };
}

function errorOf(reason: unknown): Error {
  return reason instanceof Error ? reason : BusError.from(reason);
}

async function failureOf(
  item: Held,
  attempt: Promise<unknown> | undefined,
): Promise<{ readonly reason: unknown } | undefined> {
  try {
    await attempt;
    return overran(item);
  } catch (reason) {
    return overran(item) ?? { reason };
  }
}

/** An attempt that has taken too long has failed, whatever its handler made of it. */
function overran({ running }: Held): { readonly reason: unknown } | undefined {
  const reason = running?.aborted;
  return reason?.code === "deadline_exceeded" ? { reason } : undefined;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}
