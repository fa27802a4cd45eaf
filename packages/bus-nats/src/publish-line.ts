import { BusError } from "@fanfare/bus";
import type { NatsConnection } from "@nats-io/nats-core";
import { backoffMs } from "./backoff.ts";
import { isPassing } from "./errors.ts";
import type { Link } from "./link.ts";
import type { Asked } from "./replies.ts";
import { pause, type Until } from "./until.ts";

/** Parcel is one event on its way to its stream. */
export interface Parcel {
  /** Its place in the order of calls. */
  readonly number: number;
  readonly deadlineAt: number;
  readonly asked: Asked;
  /** Why it has to be sent again. */
  failure: BusError | undefined;
  sent: boolean;
  reject(error: BusError): void;
}

/** PublishLine brings the events of one topic to its stream in the order of calls. */
export interface PublishLine {
  /** Sends it at once, or behind those that wait. */
  send(parcel: Parcel): void;
  /** It may not have arrived, and is to be sent again. */
  lost(parcel: Parcel, error: BusError): void;
  /** It is stored, or its caller has been told that it is not. */
  over(parcel: Parcel, stored: boolean): void;
}

export interface PublishLineOptions {
  readonly link: Link;
  /** Makes the missing stream; rejects when it cannot be made. */
  ensure(until: Until): Promise<void>;
}

/**
 * openPublishLine sends what comes for as long as all goes well. When something gets lost it holds
 * back what comes, waits until the fate of all that was sent is known, and sends the rest again in
 * the order of calls; ids see to it that nothing is stored twice.
 */
export function openPublishLine(options: PublishLineOptions): PublishLine {
  const { link } = options;
  const held = new Set<Parcel>();
  let due = 0;
  let quiet: (() => void) | undefined;
  let mending = false;
  let rounds = 0;

  const transmit = (parcel: Parcel, connection: NatsConnection) => {
    parcel.sent = true;
    due += 1;
    parcel.asked.send(connection);
  };
  const returned = (parcel: Parcel) => {
    if (!parcel.sent) return;
    parcel.sent = false;
    due -= 1;
    if (due === 0) quiet?.();
  };
  const hold = (parcel: Parcel) => {
    held.add(parcel);
    if (!mending) void mend();
  };

  const mend = async () => {
    mending = true;
    while (due + held.size > 0) {
      if (due > 0) {
        await new Promise<void>((resolve) => {
          quiet = resolve;
        });
      }
      if (held.size === 0) break;
      try {
        await sendHeld();
        if (held.size === 0) break;
      } catch (reason) {
        const error = BusError.from(reason);
        if (isPassing(error)) continue;
        for (const parcel of held) parcel.reject(error);
      }
    }
    mending = false;
  };

  const sendHeld = async () => {
    const deadlineAt = Array.from(held).reduce(
      (latest, one) => Math.max(latest, one.deadlineAt),
      0,
    );
    const missing = Array.from(held).some(({ failure }) => failure?.code === "not_provisioned");
    rounds += 1;
    if (rounds > 1) await pause(backoffMs(rounds - 1), { deadlineAt });
    if (missing) await options.ensure({ deadlineAt });
    await link.connected({ deadlineAt });
    const connection = link.connection();
    if (connection === undefined) return;
    const parcels = Array.from(held).toSorted((a, b) => a.number - b.number);
    held.clear();
    for (const parcel of parcels) transmit(parcel, connection);
  };

  return {
    send(parcel) {
      const connection = mending ? undefined : link.connection();
      if (connection === undefined) hold(parcel);
      else transmit(parcel, connection);
    },
    lost(parcel, error) {
      parcel.failure = error;
      returned(parcel);
      hold(parcel);
    },
    over(parcel, stored) {
      held.delete(parcel);
      returned(parcel);
      if (stored) rounds = 0;
    },
  };
}
