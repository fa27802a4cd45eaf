import { join } from "node:path";
import { Code, createClient } from "@connectrpc/connect";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { waitUntil } from "@fanfare/dev-stack";
import { catchRefusal } from "@fanfare/test-fixtures";
import { createTripWorkflowId } from "@fanfare/trip-contract";
import { Client, Connection } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oneEffect } from "../test/effects.ts";
import { runFanfare } from "../test/run-fanfare.ts";
import { searchEverything } from "../test/search-everything.ts";
import { type Stack, startStack } from "../test/stack.ts";
import { createTrip, startTrip, takeTrip, waitForEffects, waitForStatus } from "../test/trips.ts";

const person = { displayName: "Rosalind Quistorp", email: "rosalind@quistorp.example" };
const card = { gatewayToken: "tok_quistorp_4711", label: "Card of Quistorp" };
const texts = [person.displayName, person.email, card.gatewayToken, card.label];

describe("the erasure of a rider", { timeout: 180_000 }, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  }, 180_000);
  afterAll(() => stack?.[Symbol.asyncDispose](), 60_000);

  const search = (...wanted: readonly string[]) =>
    searchEverything(wanted, {
      adminUrl: stack.servers.postgres.adminUrl,
      folder: join(stack.secretsFolder, "../logs"),
    });
  const fanfare = (...args: readonly string[]) =>
    runFanfare(stack, "riders", ...args, "--url", stack.system.app("riders").url);
  const connect = () => createClient(RidersService, stack.clients.createTransport("riders"));

  it("leaves nothing of the person in any database and log, and the id where the docs list it", async () => {
    const { clients } = stack;
    const name = `rider-${crypto.randomUUID()}`;
    const rider = clients.riders(name);
    await rider.updateProfile(person);
    const { paymentMethod } = await rider.addPaymentMethod(card);
    const settled = createTrip({ name, vehicleId: "vehicle-1" });
    await takeTrip(clients, settled, "end");
    await waitForEffects(clients, settled.tripId, oneEffect);
    const cancelled = createTrip({ name, vehicleId: "vehicle-2" });
    await takeTrip(clients, cancelled, "cancel");
    await waitForStatus(clients, cancelled, TripStatus.CANCELLED);
    const refused = { tripId: crypto.randomUUID(), vehicleId: "vehicle-3" };
    const method = { paymentMethod: paymentMethod?.paymentMethodId ?? "" };
    await catchRefusal(clients.trips(name).startTrip({ ...refused, ...method }));
    expect(await search(...texts)).toEqual(["riders.payment_methods", "riders.riders"]);

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

    const erased = await waitUntil(
      async () => {
        // Refused until the vehicle of the settled trip is released.
        const ran = await fanfare("erase", name, "--reason", "request 7");
        return ran.status === 0 && ran;
      },
      { what: "the erasure to complete", intervalMs: 500, timeoutMs: 60_000 },
    );
    expect(erased.stdout).toMatch(/^billing +erased$/m);
    expect(erased.stdout).toContain("for bookkeeping");

    expect(await search(...texts)).toEqual([]);
    // The event that the payment method was added has its id.
    const ofMethod = await search(paymentMethod?.paymentMethodId ?? "?");
    expect(ofMethod.filter((place) => !/audit\.events|outbox/.test(place))).toEqual([]);
    const kept = (await search(name)).filter((place) => !/inbox|outbox/.test(place));
    const listed = [
      /audit\.events$/,
      /riders\.(riders|erasures|erasure_apps)$/,
      /trips\.(closed_riders|operator_log)$/,
      /^(notifications|riders|trips)\.log$/,
    ];
    expect(kept.filter((place) => !listed.some((one) => one.test(place)))).toEqual([]);
    const { address, namespace } = stack.servers.temporal;
    const connection = await Connection.connect({ address });
    const temporal = new Client({ connection, namespace });
    for (const { tripId } of [settled, cancelled, refused]) {
      const handle = temporal.workflow.getHandle(createTripWorkflowId(tripId));
      await expect(handle.describe()).rejects.toThrow(/not found/i);
    }
    await connection.close();

    const again = createTrip({ name, vehicleId: "vehicle-1" });
    const trip = { tripId: again.tripId, vehicleId: again.vehicleId, paymentMethod: "any" };
    const refusal = await catchRefusal(clients.trips(name).startTrip(trip));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    const { trip: books } = await clients.operations.getTrip({ tripId: settled.tripId });
    expect(books).toMatchObject({ status: TripStatus.SETTLED, paymentMethod: "erased" });
  });

  it("is refused while a trip is open, and completes once billing is back", async () => {
    const { clients, system } = stack;
    const trip = createTrip({ vehicleId: "vehicle-5" });
    await startTrip(clients, trip);
    const riders = connect();
    const request = { riderId: trip.name, reason: "request 8" };
    const refusal = await catchRefusal(riders.eraseRider(request));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    expect(refusal.rawMessage).toContain(`trip ${trip.tripId} of the rider is ACTIVE`);
    await clients.trips(trip.name).endTrip(trip);
    await waitForEffects(clients, trip.tripId, oneEffect);
    await system.app("billing").kill();
    await waitUntil(async () => (await riders.eraseRider(request)).erasure?.begunAt !== undefined, {
      what: "the erasure to begin",
      intervalMs: 250,
      timeoutMs: 60_000,
    });
    const unconfirmed = async () =>
      (await riders.getErasure(request)).erasure?.apps
        .filter(({ confirmedAt }) => confirmedAt === undefined)
        .map(({ app }) => app);
    await expect.poll(unconfirmed, { timeout: 60_000 }).toEqual(["billing"]);
    const ran = await fanfare("erase", trip.name, "--reason", "request 8", "--wait", "0");
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain("no confirmation of billing within 0 s: the erasure goes on");
    await system.app("billing").start();
    await expect.poll(unconfirmed, { timeout: 60_000 }).toEqual([]);
  });
});
