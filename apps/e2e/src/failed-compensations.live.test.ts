import { ConnectError } from "@connectrpc/connect";
import { TabState } from "@fanfare/contracts/billing/v1/billing";
import { VehicleState } from "@fanfare/contracts/fleet/v1/fleet";
import { TripStep_State } from "@fanfare/contracts/operators/v1/trip_operations";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { waitUntil } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noEffects, oneEffect, readEffects } from "../test/effects.ts";
import { refusalSentence, whileRefusing } from "../test/refusing-service.ts";
import { runFanfare } from "../test/run-fanfare.ts";
import { type Stack, startStack } from "../test/stack.ts";
import { createTrip, type Rider, startTrip, waitForEffects, waitForStatus } from "../test/trips.ts";
import { waitForStep } from "../test/wait-for-step.ts";

interface Parked {
  readonly trip: { readonly tripId: string; readonly status: string };
  readonly parked: readonly { readonly name: string; readonly lastError: string }[];
  readonly held: readonly string[];
}

describe("parked trips", { timeout: 300_000 }, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  }, 180_000);
  afterAll(() => stack?.[Symbol.asyncDispose](), 60_000);

  /** Waits until `fanfare trip parked` lists the trip, which Temporal does after a short delay. */
  async function waitForParked({ tripId }: Rider): Promise<Parked> {
    return await waitUntil(
      async () => {
        const { stdout } = await runFanfare(stack, "trip", "parked", "--json");
        const { trips }: { trips: Parked[] } = JSON.parse(stdout);
        return trips.find(({ trip }) => trip.tripId === tripId);
      },
      { what: `trip ${tripId} to be listed as parked`, intervalMs: 500, timeoutMs: 120_000 },
    );
  }

  async function waitForNoneParked() {
    await waitUntil(
      async () => (await runFanfare(stack, "trip", "parked")).stdout === "No trip is parked.\n",
      { what: "no trip to be parked", intervalMs: 500, timeoutMs: 120_000 },
    );
  }

  /** Returns what the CLI prints of the authorisation that a trip holds. */
  async function describeAuthorisation({ name, gatewayToken }: Rider): Promise<string> {
    return `authorisation on ${await stack.clients.findPaymentMethod(name, gatewayToken)}`;
  }

  /** Reads the latest decision. */
  async function readDecision({ tripId }: Rider): Promise<string | undefined> {
    return (await stack.clients.operations.getTrip({ tripId })).trip?.decision;
  }

  async function expectVehicleFree(trip: Rider) {
    const { vehicle } = await stack.clients.fleet.getVehicle(trip);
    expect(vehicle).toMatchObject({ state: VehicleState.AVAILABLE, tripId: "" });
  }

  it("shows a compensation during its attempts, parks it when it is refused, and completes it on retry", async () => {
    const { clients, system } = stack;
    const trip = createTrip();
    await startTrip(clients, trip);
    await system.app("fleet").kill();
    const cancelling = clients
      .trips(trip.name)
      .cancelTrip({ tripId: trip.tripId, reason: "rain" })
      .catch((error: unknown) => ConnectError.from(error));
    const tried = await waitForStep(clients, trip, {
      name: "reserve-vehicle",
      state: TripStep_State.COMPENSATING,
      minAttempts: 3,
    });
    expect(tried.lastError).toMatch(/ECONNREFUSED/);
    expect(await waitForStatus(clients, trip, TripStatus.COMPENSATING)).toMatchObject({
      reason: "rain",
    });

    await whileRefusing(stack, "fleet", async () => {
      expect((await waitForStatus(clients, trip, TripStatus.NEEDS_ATTENTION)).reason).toBe(
        `reserve-vehicle: ${refusalSentence}`,
      );
      await cancelling;
      expect(await waitForParked(trip)).toMatchObject({
        trip: { status: "TRIP_STATUS_NEEDS_ATTENTION" },
        parked: [{ name: "reserve-vehicle", lastError: refusalSentence }],
        held: ["vehicle-1"],
      });
    });

    await system.app("fleet").start();
    const retried = await runFanfare(stack, "trip", "retry", trip.tripId);
    expect(retried).toEqual({ status: 0, stdout: "Retrying reserve-vehicle.\n", stderr: "" });
    const cancelled = await waitForStatus(clients, trip, TripStatus.CANCELLED);
    expect(cancelled).toMatchObject({ reason: "rain", decision: "ada retried reserve-vehicle" });
    await expectVehicleFree(trip);
    const { tab } = await clients.billing.getTab(trip);
    expect(tab).toMatchObject({ state: TabState.VOID, balance: { minorUnits: 0n } });
    await waitForNoneParked();
    const again = await runFanfare(stack, "trip", "retry", trip.tripId);
    expect(again).toMatchObject({ status: 1, stdout: "" });
    expect(again.stderr).toMatch(/^failed_precondition: /);
  });

  it("completes a compensation that is resolved, and records the note", async () => {
    const { clients, system } = stack;
    const trip = createTrip({ vehicleId: "vehicle-2" });
    await startTrip(clients, trip);
    await system.app("billing").kill();
    await whileRefusing(stack, "billing", async () => {
      const { trip: answer } = await clients
        .trips(trip.name)
        .cancelTrip({ tripId: trip.tripId, reason: "rain" });
      expect(answer?.status).toBe(TripStatus.NEEDS_ATTENTION);
      expect(await waitForParked(trip)).toMatchObject({
        parked: [{ name: "charge-unlock-fee" }],
        held: ["vehicle-2", await describeAuthorisation(trip), "unlock fee"],
      });
    });
    await system.app("billing").start();
    const note = "paid back in cash";
    const resolved = await runFanfare(stack, "trip", "resolve", trip.tripId, "--note", note);
    expect(resolved.stdout).toBe("Resolved charge-unlock-fee.\n");
    await waitForStatus(clients, trip, TripStatus.CANCELLED);
    expect(await readDecision(trip)).toBe(`ada resolved charge-unlock-fee: ${note}`);
    await expectVehicleFree(trip);
    expect((await clients.billing.getTab(trip)).tab?.state).toBe(TabState.VOID);
    expect(await readEffects(clients, trip.tripId)).toEqual(noEffects);
    await waitForNoneParked();
  });

  it("parks a declined capture, parks it again on retry, and settles when it is resolved", async () => {
    const { clients } = stack;
    const gatewayToken = "pm_card_chargeCustomerFail";
    const trip = createTrip({ vehicleId: "vehicle-3", gatewayToken });
    await startTrip(clients, trip);
    await clients.trips(trip.name).endTrip(trip);
    expect((await waitForStatus(clients, trip, TripStatus.NEEDS_ATTENTION)).reason).toMatch(
      /^capture: .*declined/,
    );
    expect(await waitForParked(trip)).toMatchObject({
      parked: [{ name: "capture", lastError: expect.stringMatching(/declined/) }],
      held: [await describeAuthorisation(trip), "unlock fee", "fare"],
    });
    await expectVehicleFree(trip);

    const { version: before } = await waitForStatus(clients, trip, TripStatus.NEEDS_ATTENTION);
    await runFanfare(stack, "trip", "retry", trip.tripId);
    await waitUntil(
      async () => {
        const again = await waitForStatus(clients, trip, TripStatus.NEEDS_ATTENTION);
        // resumed, decided and parked once more
        const decision = await readDecision(trip);
        return again.version >= before + 3n && decision === "ada retried capture";
      },
      { what: "the capture to be parked again", intervalMs: 100, timeoutMs: 120_000 },
    );
    await waitForParked(trip);
    expect(await readEffects(clients, trip.tripId)).toEqual(noEffects);

    const note = "paid in cash";
    await runFanfare(stack, "trip", "resolve", trip.tripId, "--note", note);
    const settled = await waitForStatus(clients, trip, TripStatus.SETTLED);
    expect(settled).toMatchObject({ settled: { minorUnits: 0n }, reason: "" });
    expect(await readDecision(trip)).toBe(`ada resolved capture: ${note}`);
    await waitForEffects(clients, trip.tripId, oneEffect);
    expect(await readEffects(clients, trip.tripId)).toEqual(oneEffect);
    const { receipts } = await clients.notifications.listReceipts(trip);
    expect(receipts[0]?.text).toMatch(/Adjustment +-€1\.30\nTotal +€0\.00\n/);
    await waitForNoneParked();
  });

  it("lists a settled trip whose release of the vehicle is parked", async () => {
    const { clients, system } = stack;
    const trip = createTrip({ vehicleId: "vehicle-4" });
    await startTrip(clients, trip);
    await system.app("fleet").kill();
    await whileRefusing(stack, "fleet", async () => {
      await clients.trips(trip.name).endTrip(trip);
      await waitForStatus(clients, trip, TripStatus.SETTLED);
      expect(await waitForParked(trip)).toMatchObject({
        trip: { status: "TRIP_STATUS_SETTLED" },
        parked: [{ name: "release-vehicle" }],
        held: ["vehicle-4"],
      });
    });
    await system.app("fleet").start();
    await runFanfare(stack, "trip", "retry", trip.tripId);
    await waitForNoneParked();
    await expectVehicleFree(trip);
    const { trip: after } = await clients.operations.getTrip(trip);
    expect(after).toMatchObject({ status: TripStatus.SETTLED, reason: "" });
  });
});
