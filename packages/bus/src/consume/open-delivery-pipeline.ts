import type { Broker, Lease } from "../broker.ts";
import { createDelays } from "../kit/delays.ts";
import { createDrainableSet } from "../kit/drainable-set.ts";
import { createTimerSet } from "../kit/timer-set.ts";
import { createAdmission } from "./admission.ts";
import { countEvents } from "./count-events.ts";
import { countFailure, uncountFailure } from "./count-failures.ts";
import { createDeliveryContext } from "./delivery-context.ts";
import type { DeliveryPipeline, DeliveryPipelineOptions, Drain } from "./delivery-pipeline.ts";
import { createDependencyPause } from "./dependency-pause.ts";
import { handle } from "./handle.ts";
import {
  createInFlightEvent,
  getSettlement,
  type InFlightEvent,
  isKeyed,
  isUndecided,
  markDelayed,
  needsHeartbeat,
  sortBySequence,
} from "./in-flight-event.ts";
import { createKeyedQueue } from "./keyed-queue.ts";
import { openPuller } from "./puller.ts";
import { reportFailure } from "./report-failure.ts";
import { reportLoss } from "./report-loss.ts";
import { returnUnrequested } from "./return-unrequested.ts";
import { settle } from "./settle.ts";
import { createSubscriptionStatus } from "./subscription-status.ts";
import { createTimeoutError } from "./timeout-error.ts";
import { judgeFailure, type Verdict } from "./verdict.ts";

/**
 * Declares a group and delivers its events: puller → keyed queue → handler → verdict → settle. Resolves
 * once the group is durable.
 */
export async function openDeliveryPipeline(
  broker: Broker,
  { group, bindings, settings }: DeliveryPipelineOptions,
): Promise<DeliveryPipeline> {
  const { clock } = broker;
  const topics = [...bindings.keys()];
  const capacity = settings.concurrency + settings.prefetch;
  const status = createSubscriptionStatus();
  const pause = createDependencyPause(settings.backoff);
  const inFlight = createDrainableSet<InFlightEvent>();
  const queue = createKeyedQueue<InFlightEvent>(settings.concurrency, start);
  const admission = createAdmission(queue, { clock, settings, onSlow: request });
  const delays = createDelays(clock);
  // A third of the lease: two heartbeats may be lost.
  const heartbeats = createTimerSet(clock, settings.leaseDurationMs / 3, extendLease);
  const timeouts = createTimerSet(clock, settings.handlerTimeoutMs, timeOut);
  const context = createDeliveryContext({ broker, group, settings, status, heartbeats, timeouts });
  const puller = await openPuller(broker, {
    declaration: { group, topics, from: settings.from, leaseDurationMs: settings.leaseDurationMs },
    backoff: settings.backoff,
    receive,
    onLost: (loss) => reportLoss(loss, context),
    status,
  });
  request();

  function request(): void {
    if (status.state !== "running") return;
    puller.fill(capacity - inFlight.size + admission.exempt);
  }

  function receive(lease: Lease): void {
    const binding = bindings.get(lease.record.topic);
    if (binding === undefined) {
      returnUnrequested(lease, context);
      return request();
    }
    const event = createInFlightEvent(lease, { binding });
    inFlight.add(event);
    const queues = status.state === "running" || (settings.strict && status.state === "paused");
    if (!queues) return release(event);
    const refusedForMs = admission.refuse(event);
    if (refusedForMs !== undefined) return release(event, refusedForMs);
    queue.add(event);
    if (needsHeartbeat(event)) heartbeats.start(event);
    if (admission.exempt > 0) request();
  }

  /** Starts an event whose turn it is in the queue. */
  function start(event: InFlightEvent): void {
    const verdict = handle(event, context);
    if (verdict instanceof Promise) return void follow(event, verdict);
    conclude(event, verdict);
    const settlement = getSettlement(event);
    if (settlement === undefined) finish(event);
    else void settlement.then(() => finish(event));
  }

  /** Follows an event from its first verdict until it is settled and its handler has returned. */
  async function follow(event: InFlightEvent, first: Promise<Verdict>): Promise<void> {
    for (let verdict = await first; status.state !== "stopped"; ) {
      const next = retryInProcess(event, verdict);
      if (next === undefined) conclude(event, verdict);
      if (next === undefined || !(await next)) break;
      verdict = await handle(event, context);
    }
    const settlement = getSettlement(event);
    if (settlement !== undefined) await settlement;
    finish(event);
  }

  function conclude(event: InFlightEvent, verdict: Verdict): void {
    if (verdict.kind === "release" && verdict.error !== undefined && keepsKey(event)) {
      admission.addReturned(event, verdict.delayMs);
    }
    settle(event, verdict, context);
    if (pause.probe === event) endPause();
  }

  function finish(event: InFlightEvent): void {
    queue.finish(event);
    admission.finish(event);
    forget(event);
  }

  function forget(event: InFlightEvent): void {
    inFlight.delete(event);
    request();
  }

  /** Returns an event that has not started to the broker. */
  function release(event: InFlightEvent, delayMs = 0): void {
    settle(event, { kind: "release", delayMs }, context);
    void getSettlement(event)?.then(() => forget(event));
  }

  function extendLease(event: InFlightEvent): void {
    event.lease.extend().catch(status.recordError);
    heartbeats.start(event);
  }

  function timeOut(event: InFlightEvent): void {
    const attempt = event.state;
    if (attempt.kind !== "handling") return;
    const error = createTimeoutError(event, context);
    const verdict = judgeFailure(error, { attempt: event.attempt, kind: "retry" }, settings);
    // A retry in this process has to wait until the handler returns. All else is settled before the
    // abort: what the abort sets off finds the attempt over.
    if (verdict.kind === "dead-letter" || !keepsKey(event)) conclude(event, verdict);
    for (const each of admission.overrun(event)) release(each, admission.refuse(each));
    request();
    context.runClean(() => attempt.abort(error));
  }

  /** Returns whether a failed event stays in this process and blocks its key: in strict order. */
  function keepsKey(event: InFlightEvent): boolean {
    return settings.strict && isKeyed(event);
  }

  /**
   * Waits for an event's next attempt in this process. Resolves to true when it is due, to false when the
   * event is settled instead. Returns undefined when the verdict requires no such attempt.
   */
  function retryInProcess(event: InFlightEvent, verdict: Verdict): Promise<boolean> | undefined {
    if (verdict.kind === "pause") {
      reportFailure(event, verdict, context);
      void uncountFailure(event, context);
      return waitForDependency(event);
    }
    if (verdict.kind !== "retry" || !keepsKey(event)) return undefined;
    context.failures.add();
    reportFailure(event, verdict, context);
    void countFailure(event, context);
    event.attempt++;
    return waitBlocked(event, verdict.delayMs);
  }

  /** Waits in strict order: the event keeps its key, not its slot. */
  async function waitBlocked(event: InFlightEvent, delayMs: number): Promise<boolean> {
    if (pause.probe === event) endPause();
    markDelayed(event);
    admission.block(event);
    request();
    await delays.wait(delayMs);
    const active = status.state === "running" || status.state === "paused";
    if (active && (await queue.unblock(event))) return true;
    if (isUndecided(event) && status.state !== "stopped") {
      conclude(event, { kind: "release", delayMs: 0 });
    }
    return false;
  }

  /** The first event that meets an unavailable dependency becomes the probe; others are released. */
  async function waitForDependency(event: InFlightEvent): Promise<boolean> {
    if (pause.probe === undefined && status.state === "running") beginPause(event);
    if (pause.probe === event) {
      markDelayed(event);
      await delays.wait(pause.nextDelayMs());
      if (status.state === "paused") return true;
    } else if (status.state === "paused" && keepsKey(event)) {
      return await waitBlocked(event, settings.backoff(1));
    }
    if (status.state !== "stopped") {
      const delayMs = status.state === "paused" ? settings.backoff(1) : 0;
      conclude(event, { kind: "release", delayMs });
    }
    return false;
  }

  function beginPause(probe: InFlightEvent): void {
    pause.begin(probe);
    status.state = "paused";
    // Strict order releases nothing: released events would be delivered again in any order.
    if (settings.strict) return queue.pause();
    void puller.pause();
    for (const event of sortBySequence(queue.clear())) release(event);
  }

  function endPause(): void {
    pause.end();
    if (status.state !== "paused") return;
    status.state = "running";
    if (!settings.strict) return void puller.resume().then(request);
    queue.resume();
    request();
  }

  function drain(): Drain {
    status.state = "stopping";
    const pulled = puller.close();
    delays.endAll();
    for (const event of sortBySequence(queue.clear())) release(event);
    return { pulled, emptied: inFlight.whenEmpty() };
  }

  return {
    context,
    get pullError() {
      return puller.error;
    },
    inFlight,
    countEvents: () => countEvents({ queue, admission, pause, delays }),
    drain,
    abort(reason) {
      for (const { state } of inFlight)
        if (state.kind === "handling") context.runClean(() => state.abort(reason));
    },
    abandon() {
      status.state = "stopped";
      heartbeats.clear();
      timeouts.clear();
    },
  };
}
