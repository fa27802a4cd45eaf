import type { Broker, Lease } from "../broker.ts";
import { BusError } from "../error.ts";
import type { SubscriptionHealth } from "../health.ts";
import { createDeferred } from "../kit/deferred.ts";
import { createDelays } from "../kit/delays.ts";
import { createDrainableSet } from "../kit/drainable-set.ts";
import { settlesWithin } from "../kit/settles-within.ts";
import { readProgress, type StatsOptions, type SubscriptionStats } from "../stats.ts";
import { readId } from "../wire/read-header.ts";
import type { Binding } from "./event-router.ts";
import { createHandling } from "./handling.ts";
import { type Held, hold, inOrder, isKeyed } from "./held.ts";
import { openIntake } from "./intake.ts";
import { createKeyedQueue } from "./keyed-queue.ts";
import { createOutages } from "./outage.ts";
import { createSettling, settled } from "./settling.ts";
import type { StopOptions, StopReport, Subscription } from "./subscription.ts";
import type { SubscriptionSettings } from "./subscription-settings.ts";
import { createUncounted } from "./uncounted.ts";

export interface SubscriptionOptions {
  readonly group: string;
  readonly bindings: ReadonlyMap<string, Binding>;
  readonly settings: SubscriptionSettings;
  /** What stop waits when it is not told, in milliseconds. */
  readonly stopTimeoutMs: number;
  /** Called once, when the subscription has stopped. */
  readonly onStopped: () => void;
  /** Called once, when after a stop none of its handlers runs any more. */
  readonly onQuiet: () => void;
}

/** How long handlers have to end after stop has aborted them, at most, in milliseconds. */
const abortGraceMs = 500;

/** openSubscription declares the group, then takes its events and has them handled. */
export async function openSubscription(
  broker: Broker,
  { group, bindings, settings, stopTimeoutMs, onStopped, onQuiet }: SubscriptionOptions,
): Promise<Subscription> {
  const topics = [...bindings.keys()];
  const capacity = settings.concurrency + settings.prefetch;

  let state: SubscriptionHealth["state"] = "running";
  let lastError: Error | undefined;
  let quiet: Promise<unknown> | undefined;
  const closed = createDeferred<void>();

  const held = createDrainableSet<Held>();
  const lanes = createKeyedQueue<Held>(settings.concurrency, run);
  const rests = createDelays(broker.clock);
  const openings = createDelays(broker.clock);
  const uncounted = createUncounted();
  const settling = createSettling({
    clock: broker.clock,
    settings,
    onOverrun: overrun,
    onError: note,
  });
  const outages = createOutages({
    rests,
    backoff: settings.backoff,
    running: () => state === "running",
    paused: () => state === "paused",
    onBegin: pause,
    onOver: resume,
  });
  const handling = createHandling({
    broker,
    group,
    settings,
    settling,
    uncounted,
    left: () => state === "stopped",
    acknowledge: (lease) => lease.ack({ confirmed: settings.confirmAcks || state === "stopping" }),
    holdsBack,
    holdBack,
    sitOut,
    onError: note,
  });
  const intake = await openIntake(broker, {
    declaration: { group, topics, from: settings.from, leaseDurationMs: settings.leaseDurationMs },
    rests: openings,
    backoff: settings.backoff,
    receive,
    wanted: () => state === "running",
    onOpen: request,
    onError: note,
  });
  request();

  function request(): void {
    if (state !== "running") return;
    const heldBack = Math.min(lanes.parked + lanes.behind, settings.maxBlocked);
    intake.fill(capacity - held.size + heldBack);
  }

  function receive(lease: Lease): void {
    const binding = bindings.get(lease.record.topic);
    if (binding === undefined) {
      note(new BusError("internal", `the broker leased ${lease.record.topic} without being asked`));
      lease.nak({ delayMs: settings.leaseDurationMs }).catch(note);
      return request();
    }
    const item = hold(lease, { binding, attempt: uncounted.attemptOf(lease) });
    held.add(item);
    if (state !== "running" && !(settings.strict && state === "paused")) return release(item);
    lanes.add(item);
    // What its handler was done with at once needs no keeping.
    if (item.settlement === undefined) settling.keep(item);
    if (lanes.parked > 0) request();
  }

  function run(item: Held): void {
    const going = handling.run(item);
    if (item.settlement === settled) finish(item);
    else void finishAfter(item, going);
  }

  async function finishAfter(item: Held, going: Promise<void> | undefined): Promise<void> {
    await going;
    outages.release(item);
    await item.settlement;
    finish(item);
  }

  function finish(item: Held): void {
    outages.release(item);
    held.delete(item);
    lanes.finish(item);
    request();
  }

  function overrun(item: Held): void {
    handling.overrun(item);
    if (item.settlement !== undefined) outages.release(item);
  }

  function holdsBack(item: Held): boolean {
    return settings.strict && isKeyed(item);
  }

  /** holdBack keeps an event and its key, not its place, and resolves to true once it is to be tried. */
  async function holdBack(item: Held, delayMs: number): Promise<boolean> {
    outages.release(item);
    settling.stopDeadline(item);
    lanes.park(item);
    request();
    await rests.wait(delayMs);
    const going = state === "running" || state === "paused";
    if (going && (await lanes.unpark(item))) return true;
    if (item.settlement === undefined && state !== "stopped") nak(item, 0);
    return false;
  }

  async function sitOut(item: Held): Promise<boolean> {
    settling.stopDeadline(item);
    if (await outages.sitOut(item)) return true;
    if (state === "paused" && holdsBack(item)) return await holdBack(item, settings.backoff(1));
    if (state !== "stopped") {
      nak(item, state === "paused" ? settings.backoff(1) : 0);
    }
    return false;
  }

  function pause(): void {
    state = "paused";
    // In strict order nothing is given back, as it would come again in any order.
    if (settings.strict) return lanes.suspend();
    void intake.shut();
    for (const item of inOrder(lanes.clear())) release(item);
  }

  function resume(): void {
    state = "running";
    if (!settings.strict) return intake.reopen();
    lanes.proceed();
    request();
  }

  /** nak gives an event back of which nothing was tried. */
  function nak(item: Held, delayMs: number): void {
    uncounted.add(item.lease);
    settling.settle(item, (lease) => lease.nak({ delayMs }));
  }

  /** release gives back what has not started. */
  function release(item: Held): void {
    nak(item, 0);
    void item.settlement?.then(() => held.delete(item));
  }

  function note(reason: unknown): void {
    lastError = reason instanceof Error ? reason : BusError.from(reason);
  }

  function beginStop(): Promise<unknown> {
    state = "stopping";
    const shut = intake.shut();
    rests.endAll();
    openings.endAll();
    for (const item of inOrder(lanes.clear())) release(item);
    const emptied = held.whenEmpty().then(onQuiet);
    return Promise.all([shut, emptied]);
  }

  async function stop({ timeoutMs = stopTimeoutMs }: StopOptions = {}): Promise<StopReport> {
    quiet ??= beginStop();
    const graceMs = Math.min(abortGraceMs, timeoutMs / 10);
    if (!(await settlesWithin(quiet, timeoutMs - graceMs, broker))) {
      const reason = new BusError("aborted", `the subscription of ${group} is stopping`);
      for (const item of held) item.running?.abort(reason);
      await settlesWithin(quiet, graceMs, broker);
    }
    if (state !== "stopped") {
      state = "stopped";
      settling.clear();
      onStopped();
      closed.resolve();
    }
    return { unsettled: Array.from(held, (item) => readId(item.lease.record)) };
  }

  function health(): SubscriptionHealth {
    const error = intake.error ?? lastError;
    const { handled, failures, dead } = handling;
    const { parked, behind } = lanes;
    const current: SubscriptionHealth = {
      group,
      topics,
      state,
      running: lanes.running - Math.max(0, rests.size - parked),
      waiting: lanes.waiting - behind,
      delayed: rests.size + behind,
      handled: handled.total,
      failures: failures.total,
      deadLettered: dead.total,
    };
    return error === undefined ? current : { ...current, lastError: error };
  }

  async function stats(options: StatsOptions = {}): Promise<SubscriptionStats> {
    const { handled, failures, dead } = handling;
    const progress = await readProgress(broker, { group, topics }, options).catch(
      (reason: unknown) => {
        note(reason);
        return undefined;
      },
    );
    const rates = {
      handled: handled.perSecond,
      failures: failures.perSecond,
      deadLettered: dead.perSecond,
    };
    return { ...health(), rates, progress };
  }

  return {
    group,
    topics,
    closed: closed.promise,
    health,
    stats,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
