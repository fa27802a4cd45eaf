import { connectNats } from "@fanfare/bus-nats";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { waitUntil } from "@fanfare/dev-stack";

/** Reads the stream from its start, and returns the events of each trip in their order. */
export async function readStream(
  natsUrl: string,
  { group, count }: { readonly group: string; readonly count: number },
): Promise<Map<string, number[]>> {
  const events = new Map<string, number[]>();
  let received = 0;
  await using bus = await connectNats({ servers: natsUrl, name: group });
  await bus.subscribe(
    group,
    (on) =>
      on.service(TripEvents, {
        tripCompleted({ tripId, riderId }, { attempt }) {
          const all = events.get(tripId) ?? [];
          const event = Number(riderId);
          // A redelivery. An event that is stored twice has the attempt 1 both times.
          if (attempt > 1 && all.includes(event)) return;
          received += 1;
          events.set(tripId, all);
          all.push(event);
        },
      }),
    { from: "start", concurrency: 256, prefetch: 1_024 },
  );
  await waitUntil(() => received >= count, { what: "the whole stream", timeoutMs: 120_000 });
  return events;
}
