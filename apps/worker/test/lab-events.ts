import { createMemoryBus, type EventBus } from "@fanfare/bus";
import { RefundEvents, type TripRefunded } from "@fanfare/contracts/trips/v1/refund_events";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";

/** The consumer groups of completed trips. */
export const groups = ["revenue", "audit"] as const;

/** The events that the worker publishes to a bus in this process. */
export interface LabEvents extends AsyncDisposable {
  readonly bus: EventBus;
  /** Returns how many events of a completed trip each group has handled. */
  countDeliveries(tripId: string): Readonly<Record<(typeof groups)[number], number>>;
  /** Returns the events of the refunds of a trip. */
  listRefunds(tripId: string): readonly TripRefunded[];
  /** Makes the handler of `audit` fail once for the event of a trip. */
  failAuditOnce(tripId: string): void;
  /** Advances the clock of the bus to the next redelivery. */
  retry(): Promise<void>;
}

/**
 * Opens a bus with the consumer groups of trips and refunds. As with an inbox, a repeated event has no effect: the
 * clock of the bus may have passed the window within which the bus stores an id once.
 */
export async function openLabEvents(): Promise<LabEvents> {
  const bus = createMemoryBus();
  const failing = new Set<string>();
  const counts = new Map<string, Record<(typeof groups)[number], number>>();
  const refunds: TripRefunded[] = [];
  const handled = new Set<string>();
  const countDeliveries = (tripId: string) => counts.get(tripId) ?? { revenue: 0, audit: 0 };
  for (const group of groups) {
    await bus.subscribe(group, (on) =>
      on.service(TripEvents, {
        tripCompleted({ tripId }, { id }) {
          if (handled.has(`${group} ${id}`)) return;
          if (group === "audit" && failing.delete(tripId)) throw new Error("audit fails");
          handled.add(`${group} ${id}`);
          const before = countDeliveries(tripId);
          counts.set(tripId, { ...before, [group]: before[group] + 1 });
        },
      }),
    );
  }
  await bus.subscribe("refunds", (on) =>
    on.service(RefundEvents, {
      tripRefunded(event, { id }) {
        if (handled.has(`refunds ${id}`)) return;
        handled.add(`refunds ${id}`);
        refunds.push(event);
      },
    }),
  );
  return {
    bus,
    countDeliveries,
    listRefunds: (tripId) => refunds.filter((event) => event.tripId === tripId),
    failAuditOnce: (tripId) => void failing.add(tripId),
    retry: () => bus.advance(1_000),
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  };
}
