import { connectNats } from "@fanfare/bus-nats";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { waitUntil } from "@fanfare/dev-stack";

/** readStream reads the events of each trip as they stand in the stream, from its start. */
export async function readStream(
  natsUrl: string,
  { group, count }: { readonly group: string; readonly count: number },
): Promise<Map<string, number[]>> {
  const events = new Map<string, number[]>();
  let heard = 0;
  await using bus = await connectNats({ servers: natsUrl, name: group });
  await bus.subscribe(
    group,
    (on) =>
      on.service(TripEvents, {
        tripCompleted({ tripId, riderId }, { attempt }) {
          const all = events.get(tripId) ?? [];
          const event = Number(riderId);
          // Delivered again, which says nothing of the stream. One that stands there twice is not.
          if (attempt > 1 && all.includes(event)) return;
          heard += 1;
          events.set(tripId, all);
          all.push(event);
        },
      }),
    { from: "start", concurrency: 256, prefetch: 1_024 },
  );
  await waitUntil(() => heard >= count, { what: "the whole stream", timeoutMs: 120_000 });
  return events;
}
