import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { waitUntil } from "@fanfare/dev-stack";
import { catchRefusal } from "@fanfare/test-fixtures";
import { createTripWorkflowId } from "@fanfare/trip-contract";
import { Client, Connection } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oneEffect } from "../test/effects.ts";
import { deadLetterTrip, plantEvent, plantRow } from "../test/planted.ts";
import { runRiders } from "../test/run-fanfare.ts";
import { type Stack, startStack } from "../test/stack.ts";
import { createTrip, startTrip, takeTrip, waitForEffects, waitForStatus } from "../test/trips.ts";

const person = { displayName: "Rosalind Quistorp", email: "rosalind@quistorp.example" };
const card = { gatewayToken: "tok_quistorp_4711", label: "Card of Quistorp" };

describe("the erasure of a rider", { timeout: 180_000 }, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  }, 180_000);
  afterAll(() => stack?.[Symbol.asyncDispose](), 60_000);

  const fanfare = (...args: readonly string[]) => runRiders(stack, ...args);
  const erase = (name: string, ...flags: readonly string[]) => {
    const { database = "" } = stack.servers.temporal;
    const files = ["--logs", join(stack.secretsFolder, "../logs"), "--temporal-database", database];
    return fanfare("erase", name, "--reason", "request 7", ...files, ...flags);
  };
  /** Erases a rider whose trips are over: it is refused until their vehicles are released. */
  const eraseSoon = (name: string) =>
    waitUntil(
      async () => {
        const ran = await erase(name);
        return !ran.stderr.includes("of the rider is") && ran;
      },
      { what: "the erasure to be accepted", intervalMs: 500, timeoutMs: 60_000 },
    );

  it("proves that nothing of the person is left, and names where the docs list the ids", async () => {
    const { clients } = stack;
    const name = `rider-${crypto.randomUUID()}`;
    const rider = clients.riders(name);
    await rider.updateProfile(person);
    const { paymentMethod } = await rider.addPaymentMethod(card);
    const settled = createTrip({ name, vehicleId: "vehicle-1" });
    await takeTrip(clients, settled, "end");
    await waitForEffects(clients, settled.tripId, oneEffect);
    const amount = { minorUnits: 10n, currency: "EUR" };
    const refund = { tripId: settled.tripId, amount, reason: "the heater was cold" };
    await clients.operations.refundTrip(refund);
    const cancelled = createTrip({ name, vehicleId: "vehicle-2" });
    await startTrip(clients, cancelled);
    await clients.trips(name).cancelTrip({ ...cancelled, reason: `${person.displayName} is ill` });
    await waitForStatus(clients, cancelled, TripStatus.CANCELLED);
    const refused = { tripId: crypto.randomUUID(), vehicleId: "vehicle-3" };
    const method = { paymentMethod: paymentMethod?.paymentMethodId ?? "" };
    await catchRefusal(clients.trips(name).startTrip({ ...refused, ...method }));
    const declined = { name, vehicleId: "vehicle-5", gatewayToken: "pm_card_chargeDeclined" };
    await catchRefusal(startTrip(clients, createTrip(declined)));
    const dead = createTrip({ name, vehicleId: "vehicle-4" });
    await deadLetterTrip(stack, dead);

    const exported = await fanfare("export", name);
    const { records } = JSON.parse(exported.stdout);
    const kinds = records.map(({ kind }: { kind: string }) => kind);
    expect([...new Set(kinds)]).toEqual([
      "profile",
      "payment_method",
      "trip",
      "cancellation",
      "tab",
      "receipt",
    ]);
    expect(exported.stdout).toContain(person.email);
    const named = await fanfare("erase", name, "--reason", "Mail of ROSALIND@quistorp.example");
    expect(named.stderr).toContain("expected a reason that names no person, found the email");

    const { status, stdout, stderr } = await eraseSoon(name);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^billing +erased$/m);
    expect(stdout).toContain("for bookkeeping");
    expect(stdout).toMatch(
      /^Searched \d+ databases, \d+ streams, Temporal and \d+ logs for the name, the email, .*: nothing is left\.$/m,
    );
    expect(stdout).toMatch(/^Kept the rider id: .*trips\.closed_riders.*/m);
    expect(stdout).toMatch(/^Kept the rider id: .*stream fanfare_\w*dead\w*revenue/im);
    expect(stdout).toContain("Not searched for: the gateway token, which any rider may have.");
    expect(stdout).not.toMatch(/^(Warning|Not searched:)/m);
    const { address, namespace } = stack.servers.temporal;
    const connection = await Connection.connect({ address });
    const temporal = new Client({ connection, namespace });
    for (const { tripId } of [settled, cancelled, refused, dead]) {
      const handle = temporal.workflow.getHandle(createTripWorkflowId(tripId));
      await expect(handle.describe()).rejects.toThrow(/not found/i);
    }
    await connection.close();

    const again = createTrip({ name, vehicleId: "vehicle-1" });
    const trip = { tripId: again.tripId, vehicleId: again.vehicleId, paymentMethod: "any" };
    const refusal = await catchRefusal(clients.trips(name).startTrip(trip));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    const { trip: books } = await clients.operations.getTrip({ tripId: dead.tripId });
    expect(books).toMatchObject({ status: TripStatus.SETTLED, paymentMethod: "erased" });
    await clients.operations.refundTrip({ ...refund, tripId: dead.tripId });
    const repeated = await erase(name);
    expect(repeated).toMatchObject({ status: 0, stderr: "" });
    expect(repeated.stdout).toContain("Searched for the rider id alone");
    expect(repeated.stdout).not.toContain("Warning");
  });

  it("names the table and the stream that have something left, and fails", async () => {
    const name = `rider-${crypto.randomUUID()}`;
    const planted = { displayName: 'Ada "Q" 100%_', email: "ada@planted.example" };
    await stack.clients.riders(name).updateProfile(planted);
    await plantRow(stack, Buffer.from(planted.displayName));
    await plantEvent(stack, planted.email.toUpperCase());
    const { status, stdout, stderr } = await eraseSoon(name);
    expect(status).toBe(1);
    expect(stdout).toContain("the name in fleet.planted");
    expect(stderr).toMatch(/the email in stream fanfare_trips_completed.*: remove it there/);
    expect(stdout + stderr).not.toMatch(/planted\.example|100%/i);
  });
});
