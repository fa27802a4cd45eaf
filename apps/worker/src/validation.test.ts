import { createValidator } from "@bufbuild/protovalidate";
import { createMemoryBus, createMemoryStore, createPublisher } from "@fanfare/bus";
import { createValidation } from "@fanfare/bus/validate";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { describe, expect, it } from "vitest";

const interceptors = [createValidation(createValidator())];

describe("a bus with validation", () => {
  it("refuses to publish an invalid message", async () => {
    await using bus = createMemoryBus({ interceptors });
    const published = createPublisher(TripEvents, bus).tripCompleted({ tripId: "trip-1" });
    await expect(published).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringMatching(/trips\.v1\.TripCompleted is invalid: .*trip_id/),
    });
  });

  it("dead-letters an invalid message at once, without calling its handler", async () => {
    const store = createMemoryStore();
    await using careless = createMemoryBus({ store });
    await using bus = createMemoryBus({ store, interceptors });
    const seen: string[] = [];
    await bus.subscribe("revenue", (on) =>
      on.service(TripEvents, { tripCompleted: ({ tripId }) => void seen.push(tripId) }),
    );
    await createPublisher(TripEvents, careless).tripCompleted({ tripId: "trip-1" }, { id: "one" });
    await bus.idle();
    const [letter] = await bus.deadLetters("revenue").list();
    expect(letter).toMatchObject({ id: "one", cause: "permanent", attempts: 1 });
    expect(seen).toEqual([]);
  });
});
