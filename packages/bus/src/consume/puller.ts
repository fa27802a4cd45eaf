import type { Broker, GroupDeclaration, Lease, LeaseStream, RecordLoss } from "../broker.ts";
import { createDelays } from "../kit/delays.ts";
import type { SubscriptionStatus } from "./subscription-status.ts";

/** The source of a subscription's leases: it requests as many as there is room for. */
export interface Puller {
  /** Why no leases arrive, when the broker knows. */
  readonly error: Error | undefined;
  /** Requests leases until `room` are requested and not received. Does nothing while paused. */
  fill(room: number): void;
  /** Withdraws the requests. Once it resolves, no lease is received until `resume`. */
  pause(): Promise<void>;
  /** Reopens the stream of leases, with backoff until it succeeds. Resolves then, or when paused again. */
  resume(): Promise<void>;
  /** Pauses for good. */
  close(): Promise<void>;
}

/** What a puller needs beside its broker. */
export interface PullerOptions {
  readonly declaration: GroupDeclaration;
  readonly backoff: (failures: number) => number;
  readonly receive: (lease: Lease) => void;
  readonly onLost: (loss: RecordLoss) => void;
  readonly status: SubscriptionStatus;
}

/** Declares the group and opens its stream of leases. */
export async function openPuller(
  broker: Broker,
  { declaration, backoff, receive, onLost, status }: PullerOptions,
): Promise<Puller> {
  const delays = createDelays(broker.clock);
  let requested = 0;
  let paused = false;
  let closing: Promise<void> | undefined;
  let opening: Promise<void> | undefined;

  function receiveRequested(lease: Lease): void {
    requested--;
    receive(lease);
  }

  await broker.declare(declaration);
  let stream: LeaseStream | undefined = await broker.lease(declaration, receiveRequested, onLost);

  async function open(): Promise<void> {
    await closing;
    for (let failures = 0; stream === undefined; ) {
      if (paused) break;
      try {
        stream = await broker.lease(declaration, receiveRequested, onLost);
        closing = undefined;
      } catch (reason) {
        status.recordError(reason);
        await delays.wait(backoff(++failures));
      }
    }
    opening = undefined;
    if (paused) await withdraw();
  }

  async function closeStream(ending: LeaseStream): Promise<void> {
    await ending.close().catch(status.recordError);
    requested = 0;
  }

  function withdraw(): Promise<void> {
    if (stream === undefined) return opening ?? closing ?? Promise.resolve();
    closing = closeStream(stream);
    stream = undefined;
    return closing;
  }

  function pause(): Promise<void> {
    paused = true;
    return withdraw();
  }

  return {
    get error() {
      return stream?.health().error;
    },
    fill(room) {
      if (stream === undefined || room <= requested) return;
      const more = room - requested;
      requested = room;
      stream.request(more);
    },
    pause,
    resume() {
      paused = false;
      opening ??= open();
      return opening;
    },
    close() {
      delays.endAll();
      return pause();
    },
  };
}
