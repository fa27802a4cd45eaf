import type { TripRecord } from "../src/trip-activities.ts";
import type { FakeTrip } from "./fake-trip.ts";

/** Returns what the fake registry has of a trip. */
export function toFakeRecord(fake: FakeTrip): TripRecord {
  const { startedAt, endRequestedAt, statuses, settled, compensation, resolvedSteps } = fake;
  return {
    latestVersion: Math.max(fake.versions.at(-1) ?? 0, fake.delayVersion),
    ended: statuses.includes("ENDED"),
    published: fake.broadcasts.at(-1)?.state === "published",
    parked: statuses.at(-1) === "NEEDS_ATTENTION",
    delayed: (fake.delays.at(-1) ?? "") !== "",
    resolvedSteps,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endRequestedAt === undefined ? {} : { endRequestedAt }),
    ...(settled && { settled }),
    ...(compensation && { compensation }),
  };
}
