import type { Interceptor } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { BusError, type EventBus } from "@fanfare/bus";
import { steps } from "@fanfare/trip-contract";
import { Context } from "@temporalio/activity";
import type { Gate } from "./fake-services.ts";

/** Fault does something else with one attempt of a call than sending it and handing on its answer. */
export type Fault = <T>(send: () => Promise<T>, attempt: Attempt) => Promise<T>;

export interface Attempt {
  /** The how many-th time it is that the call is made, from 1. */
  readonly number: number;
  /** Aborts at the call's deadline. */
  readonly signal: AbortSignal;
}

/** Copy is a call that was made, and can arrive again, however late. */
export interface Copy {
  readonly activityId: string;
  deliver(): Promise<unknown>;
}

/**
 * Faults stand between the worker and its services, as an interceptor of the worker's clients: it
 * alone knows which step a call is made for, and that the service has committed before it loses the
 * answer. A proxy of bytes could only guess both. What a network does to connections is met where
 * processes are killed.
 */
export interface Faults {
  readonly interceptor: Interceptor;
  /** plan says what befalls which calls of a trip, by activity id: the step, or `<step>:compensate`. */
  plan(tripId: string, faults: Readonly<Record<string, Fault>>): void;
  /** copies are the calls that were made for a trip, each attempt of them. */
  copies(tripId: string): readonly Copy[];
  /** publishing puts the faults of the activity `publish` before a bus. */
  publishing(bus: EventBus): Pick<EventBus, "publish">;
}

/** createFaults makes them; a trip without a plan has none. */
export function createFaults(): Faults {
  const plans = new Map<string, Readonly<Record<string, Fault>>>();
  const made = new Map<string, Copy[]>();
  const tries = new Map<string, number>();

  function under<T>(
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
      const place = placeOf(request.header.get("idempotency-key")?.split("/").at(-1));
      const { tripId, activityId } = place;
      const deliver = () => next({ ...request, signal: AbortSignal.timeout(10_000) });
      made.set(tripId, [...(made.get(tripId) ?? []), { activityId, deliver }]);
      return under({ ...place, signal: request.signal }, () => next(request));
    },
    plan: (tripId, faults) => void plans.set(tripId, faults),
    copies: (tripId) => made.get(tripId) ?? [],
    publishing: (bus) => ({
      publish(...event) {
        const signal = Context.current().cancellationSignal;
        return under({ ...placeOf(steps.publish), signal }, () => bus.publish(...event));
      },
    }),
  };
}

interface Place {
  readonly tripId: string;
  readonly activityId: string;
}

/** placeOf is which call is made. A local activity has an id that Temporal chose; no compensation is one. */
function placeOf(step = ""): Place {
  const { activityId, isLocal, workflowExecution } = Context.current().info;
  const tripId = (workflowExecution?.workflowId ?? "").replace("trip/", "");
  return { tripId, activityId: isLocal ? step : activityId };
}

/** losing loses the reply of the first attempts, when the service has committed. */
export function losing(times: number): Fault {
  return async (send, { number }) => {
    const answer = await send();
    if (number <= times) throw new ConnectError("the reply was lost", Code.Unavailable);
    return answer;
  };
}

/** losingRequest loses the first attempts before they reach the service. */
export function losingRequest(times: number): Fault {
  return async (send, { number }) => {
    if (number <= times) throw new ConnectError("the request was lost", Code.Unavailable);
    return await send();
  };
}

/** delaying holds the reply of the first attempts back until their deadline is past. */
export function delaying(times: number): Fault {
  return async (send, { number, signal }) => {
    const answer = await send();
    if (number > times) return answer;
    const { promise, reject } = Promise.withResolvers<never>();
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    return await promise;
  };
}

/** twice delivers each attempt two times at once. */
export const twice: Fault = async (send) => {
  const [, second] = await Promise.all([send(), send()]);
  return second;
};

/** refusing answers no for the first attempts, without the service having been asked. */
export function refusing(times: number): Fault {
  return async (send, { number }) => {
    if (number <= times) throw new ConnectError("not today", Code.FailedPrecondition);
    return await send();
  };
}

/** holding lets a call pass when the gate is opened: before it reaches the service, or its reply. */
export function holding(gate: Gate, where: "before" | "after"): Fault {
  return async (send, { number }) => {
    if (where === "before") await gate.pass(number);
    const answer = await send();
    if (where === "after") await gate.pass(number);
    return answer;
  };
}

/** unheard is the bus's own lost reply: the event is stored, and its publisher does not know. */
export function unheard(times: number): Fault {
  return async (send, { number }) => {
    const receipt = await send();
    if (number <= times) throw new BusError("unavailable", "the receipt was lost");
    return receipt;
  };
}
