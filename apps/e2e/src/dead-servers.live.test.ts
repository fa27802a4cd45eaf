import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { TripStep_State } from "@fanfare/contracts/operators/v1/trip_operations";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Account,
  type AccountReader,
  compensatedAccount,
  openAccountReader,
  settledAccount,
} from "../test/account-reader.ts";
import { oneEffect } from "../test/effects.ts";
import { createFaultTable, type Recovered } from "../test/fault-table.ts";
import { type Gates, type Point, startGates } from "../test/gates.ts";
import { type Stack, startStack } from "../test/stack.ts";
import { createTrip, type Rider, takeTrip, waitForEffects, waitForStatus } from "../test/trips.ts";
import { waitForStep } from "../test/wait-for-step.ts";

/** The long form kills every server on both sides of every call, in several rounds, and prints a table. */
const long = process.env.FANFARE_DEAD === "long";
const rounds = long ? Number(process.env.FANFARE_DEAD_ROUNDS ?? 3) : 1;

const services = ["trips", "fleet", "billing"] as const;
type Fault = "the worker" | "Temporal" | "the services";

const short: [Fault, Point["side"]][] = [
  ["the worker", "after"],
  ["Temporal", "after"],
  ["the services", "before"],
];
const all: [Fault, Point["side"]][] = short.flatMap(([fault]) => [
  [fault, "before"],
  [fault, "after"],
]);

describe("kill -9 while a trip is at each step and compensation", { timeout: 600_000 }, () => {
  const table = createFaultTable();
  let gates: Gates;
  let stack: Stack;
  let reader: AccountReader;
  let points: Omit<Point, "side">[];

  beforeAll(async () => {
    gates = await startGates((service) => {
      const { url, env } = stack.system.app(service);
      return service === "trips" ? `http://127.0.0.1:${env["INTERNAL_PORT"]}` : url;
    });
    const { url } = gates;
    stack = await startStack({ TRIPS_URL: url, FLEET_URL: url, BILLING_URL: url });
    reader = openAccountReader(stack);
    points = await findPoints();
  }, 180_000);
  afterAll(async () => {
    await reader?.[Symbol.asyncDispose]();
    await gates?.[Symbol.asyncDispose]();
    await stack?.[Symbol.asyncDispose]();
    if (long) process.stdout.write(`${table.lines().join("\n")}\n`);
  }, 60_000);

  /** Runs two trips, and returns all their steps and compensations. */
  async function findPoints(): Promise<Omit<Point, "side">[]> {
    const { clients } = stack;
    const [completed, cancelled] = [createTrip(), createTrip({ vehicleId: "vehicle-2" })];
    await Promise.all([
      takeTrip(clients, completed, "end"),
      takeTrip(clients, cancelled, "cancel"),
    ]);
    await waitForEffects(clients, completed.tripId, oneEffect);
    await waitForStatus(clients, cancelled, TripStatus.CANCELLED);
    const readSteps = async ({ tripId }: Rider) =>
      (await clients.operations.getTripProgress({ tripId })).steps;
    const steps = await readSteps(completed);
    const compensated = (await readSteps(cancelled)).filter(
      ({ state }) => state === TripStep_State.COMPENSATED,
    );
    return [
      ...steps.map(({ name: step }) => ({ step, compensation: false })),
      ...compensated.map(({ name: step }) => ({ step, compensation: true })),
    ];
  }

  /** Kills and restarts the servers of a fault, and lets the held calls pass. */
  async function inject(fault: Fault): Promise<void> {
    const { system, servers } = stack;
    if (fault === "the services") {
      // Opened first, so that the services are killed while they commit.
      gates.open();
      const apps = services.map((name) => system.app(name));
      await Promise.all(apps.map((app) => app.kill()));
      signalNats("SIGCONT");
      await Promise.all(apps.map((app) => app.start()));
      return;
    }
    const server = fault === "Temporal" ? servers.temporal : system.app("worker");
    await server.kill();
    signalNats("SIGCONT");
    await server.start();
    gates.open();
  }

  /** Events are not published through the gates: a stopped NATS holds a trip at the step publish. */
  function signalNats(signal: "SIGSTOP" | "SIGCONT"): void {
    if (stack.servers.nats.pid !== undefined) process.kill(stack.servers.nats.pid, signal);
  }

  async function waitForRecovery(
    trips: readonly { readonly trip: Rider; readonly compensation: boolean }[],
  ): Promise<Recovered[]> {
    const began = performance.now();
    const tripIds = trips.map(({ trip }) => trip.tripId);
    const wanted = (index: number, { fare }: Account): Account =>
      trips[index]?.compensation ? compensatedAccount : settledAccount(fare);
    const found: Recovered[] = [];
    while (performance.now() - began < 120_000) {
      const accounts = await reader.readAccounts(tripIds);
      const ms = performance.now() - began;
      for (const [index, account] of accounts.entries()) {
        const asExpected = isDeepStrictEqual(account, wanted(index, account));
        if (!asExpected || found[index]?.asExpected !== true)
          found[index] = { account, asExpected, ms };
      }
      if (found.every(({ asExpected }) => asExpected)) break;
      await sleep(100);
    }
    return found;
  }

  it.each(long ? all : short)(
    "loses nothing when %s is killed %s the calls",
    async (fault, side) => {
      const { clients } = stack;
      for (let round = 1; round <= rounds; round += 1) {
        const vehicles = await reader.addVehicles(points.length);
        const trips = points.map((point, index) => ({
          ...point,
          trip: createTrip({ vehicleId: vehicles[index] ?? "" }),
        }));
        const riding: Promise<PromiseSettledResult<void>[]>[] = [];
        const hold = async (some: typeof trips): Promise<void> => {
          const held = some.map(({ step, compensation, trip }) =>
            step === "publish"
              ? waitForStep(clients, trip, { name: step, state: TripStep_State.RUNNING })
              : gates.hold(trip.tripId, { step, compensation, side }),
          );
          const rides = some.map(({ compensation, trip }) =>
            takeTrip(clients, trip, compensation ? "cancel" : "end"),
          );
          riding.push(Promise.allSettled(rides));
          await Promise.all(held);
        };
        signalNats("SIGSTOP");
        try {
          // The others last: their first attempts, within a workflow task, end after two seconds.
          await hold(trips.filter(({ step }) => step === "publish"));
          await hold(trips.filter(({ step }) => step !== "publish"));
          await inject(fault);
        } finally {
          signalNats("SIGCONT");
          gates.open();
        }
        const ended = await waitForRecovery(trips);
        table.add(`${fault}, ${side} the calls`, ended);
        const named = (accounts: readonly Account[]) =>
          accounts.map((account, index) => ({ point: points[index], ...account }));
        expect(named(ended.map(({ account }) => account))).toEqual(
          named(
            ended.map(({ account }, index) =>
              points[index]?.compensation ? compensatedAccount : settledAccount(account.fare),
            ),
          ),
        );
        const rides = (await Promise.all(riding)).flat();
        expect(rides.filter(({ status }) => status === "rejected")).toEqual([]);
      }
    },
  );
});
