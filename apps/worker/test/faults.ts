import type { Interceptor } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { BusError, type EventBus } from "@fanfare/bus";
import { steps } from "@fanfare/trip-contract";
import { Context } from "@temporalio/activity";
import type { Gate } from "./fake-services.ts";

/** A fault of a call: decides what happens to each attempt and to its answer. */
export type Fault = <T>(send: () => Promise<T>, attempt: Attempt) => Promise<T>;

/** One attempt of a call. */
export interface Attempt {
  /** Counts from 1. */
  readonly number: number;
  /** Aborts when the call times out. */
  readonly signal: AbortSignal;
}

/** A call that was made and can be delivered again, at any later time. */
export interface Copy {
  readonly activityId: string;
  deliver(): Promise<unknown>;
}

/**
 * The faults between the worker and its services. They are an interceptor, because it knows the step of a
 * call and whether the service has committed; a proxy of bytes knows neither. Tests that kill processes
 * cover broken connections.
 */
export interface Faults {
  readonly interceptor: Interceptor;
  /** Sets the faults of a trip, by activity id: the step, or `<step>:compensate`. */
  plan(tripId: string, faults: Readonly<Record<string, Fault>>): void;
  /** Returns all attempts of all calls of a trip. */
  copies(tripId: string): readonly Copy[];
  /** Wraps a bus with the faults of the step `publish`. */
  wrapBus(bus: EventBus): Pick<EventBus, "publish">;
}

/** Creates the faults of all trips. A trip without a plan has none. */
export function createFaults(): Faults {
  const plans = new Map<string, Readonly<Record<string, Fault>>>();
  const made = new Map<string, Copy[]>();
  const tries = new Map<string, number>();

  function applyFault<T>(
    { tripId, activityId, signal }: Place & { signal: AbortSignal },
    send: () => Promise<T>,
  ): Promise<T> {
    const call = `${tripId} ${activityId}`;
    const number = (tries.get(call) ?? 0) + 1;
    tries.set(call, number);
    const fault = plans.get(tripId)?.[activityId];
    return fault === undefined ? send() : fault(send, { number, signal });
  }

  return {
    interceptor: (next) => (request) => {
      const place = findPlace(request.header.get("idempotency-key")?.split("/").at(-1));
      const { tripId, activityId } = place;
      const deliver = () => next({ ...request, signal: AbortSignal.timeout(10_000) });
      made.set(tripId, [...(made.get(tripId) ?? []), { activityId, deliver }]);
      return applyFault({ ...place, signal: request.signal }, () => next(request));
    },
    plan: (tripId, faults) => void plans.set(tripId, faults),
    copies: (tripId) => made.get(tripId) ?? [],
    wrapBus: (bus) => ({
      publish(...event) {
        const signal = Context.current().cancellationSignal;
        return applyFault({ ...findPlace(steps.publish), signal }, () => bus.publish(...event));
      },
    }),
  };
}

interface Place {
  readonly tripId: string;
  readonly activityId: string;
}

/** Finds the trip and the activity id of the current call. A local activity has no id of ours: it is the step's. */
function findPlace(step = ""): Place {
  const { activityId, isLocal, workflowExecution } = Context.current().info;
  const tripId = (workflowExecution?.workflowId ?? "").replace("trip/", "");
  return { tripId, activityId: isLocal ? step : activityId };
}

/** Loses the replies of the first attempts, after the service has committed. */
export function loseReply(times: number): Fault {
  return async (send, { number }) => {
    const answer = await send();
    if (number <= times) throw new ConnectError("the reply was lost", Code.Unavailable);
    return answer;
  };
}

/** Loses the first attempts before they reach the service. */
export function loseRequest(times: number): Fault {
  return async (send, { number }) => {
    if (number <= times) throw new ConnectError("the request was lost", Code.Unavailable);
    return await send();
  };
}

/** Delays the replies of the first attempts until they time out. */
export function delayReply(times: number): Fault {
  return async (send, { number, signal }) => {
    const answer = await send();
    if (number > times) return answer;
    const { promise, reject } = Promise.withResolvers<never>();
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    return await promise;
  };
}

/** Sends each attempt twice at the same time. */
export const sendTwice: Fault = async (send) => {
  const [, second] = await Promise.all([send(), send()]);
  return second;
};

/** Refuses the first attempts without calling the service. */
export function refuseCall(times: number): Fault {
  return async (send, { number }) => {
    if (number <= times) throw new ConnectError("not today", Code.FailedPrecondition);
    return await send();
  };
}

/** Holds a call at a gate: before it reaches the service, or its reply after that. */
export function holdAt(gate: Gate, where: "before" | "after"): Fault {
  return async (send, { number }) => {
    if (where === "before") await gate.pass(number);
    const answer = await send();
    if (where === "after") await gate.pass(number);
    return answer;
  };
}

/** Loses the publish results of the first attempts: the broker has stored the event. */
export function losePublishResult(times: number): Fault {
  return async (send, { number }) => {
    const result = await send();
    if (number <= times) throw new BusError("unavailable", "the publish result was lost");
    return result;
  };
}
