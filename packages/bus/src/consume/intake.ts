import type { Broker, GroupDeclaration, Lease, LeaseStream } from "../broker.ts";
import type { Delays } from "../kit/delays.ts";

/** Intake asks the broker for events, and can be shut and opened again. */
export interface Intake {
  /** Why nothing arrives, when the broker knows. */
  readonly error: Error | undefined;
  /** Asks for so many more that `room` are under way. */
  fill(room: number): void;
  /** Withdraws what was asked for. */
  shut(): Promise<void>;
  /** Opens anew, trying again until it works or `wanted` is over, and then calls `onOpen`. */
  reopen(): void;
}

export interface IntakeOptions {
  readonly declaration: GroupDeclaration;
  readonly rests: Delays;
  readonly backoff: (failures: number) => number;
  readonly receive: (lease: Lease) => void;
  /** Whether an intake that is reopened is still wanted. */
  readonly wanted: () => boolean;
  readonly onOpen: () => void;
  readonly onError: (reason: unknown) => void;
}

/** openIntake declares the group and opens its leases. */
export async function openIntake(broker: Broker, options: IntakeOptions): Promise<Intake> {
  const { declaration, rests, backoff, wanted, onOpen, onError } = options;
  /** Asked of the broker and not here yet. */
  let requested = 0;
  let closing: Promise<void> | undefined;
  let opening: Promise<void> | undefined;

  function receive(lease: Lease): void {
    requested--;
    options.receive(lease);
  }

  await broker.declare(declaration);
  let stream: LeaseStream | undefined = await broker.lease(declaration, receive);

  async function open(): Promise<void> {
    await closing;
    for (let failures = 0; wanted() && stream === undefined; ) {
      try {
        stream = await broker.lease(declaration, receive);
        closing = undefined;
      } catch (reason) {
        onError(reason);
        await rests.wait(backoff(++failures));
      }
    }
    opening = undefined;
    if (!wanted()) void shut();
    else onOpen();
  }

  async function close(ending: LeaseStream): Promise<void> {
    await ending.close().catch(onError);
    requested = 0;
  }

  function shut(): Promise<void> {
    if (stream === undefined) return opening ?? closing ?? Promise.resolve();
    closing = close(stream);
    stream = undefined;
    return closing;
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
    shut,
    reopen() {
      opening ??= open();
    },
  };
}
