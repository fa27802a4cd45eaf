import { expect, it } from "vitest";
import { createLogSender } from "./receipt-sender.ts";

it("logs the ids of a receipt, and nothing of its text, which erasure could not remove", async () => {
  const entries: unknown[] = [];
  const sender = createLogSender({ info: (...entry: unknown[]) => entries.push(entry) });
  const receipt = { id: "1", tripId: "trip-1", riderId: "rider-1" };
  const { signal } = new AbortController();
  await sender.send({ ...receipt, subject: "Receipt: €1.60", text: "vehicle-1" }, { signal });
  expect(entries).toEqual([
    [{ receiptId: "1", tripId: "trip-1", riderId: "rider-1" }, "receipt sent"],
  ]);
});
