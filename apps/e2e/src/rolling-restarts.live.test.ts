import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { type App, startApp, waitUntil } from "@fanfare/dev-stack";
import { appNames } from "@fanfare/topology";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Account,
  type AccountReader,
  hasEnded,
  openAccountReader,
  settledAccount,
} from "../test/account-reader.ts";
import { createFaultTable } from "../test/fault-table.ts";
import { type Stack, startStack } from "../test/stack.ts";
import { createTrip, type Rider, takeTrip, waitForStatus } from "../test/trips.ts";

/** The long form runs several rounds, and prints a table. */
const long = process.env.FANFARE_DEAD === "long";
const rounds = long ? Number(process.env.FANFARE_DEAD_ROUNDS ?? 3) : 1;
const inFlight = 20;

interface Taken {
  readonly trip: Rider;
  /** When the rider read that the trip is settled, by performance.now(). */
  settledAt?: number;
}

function filterInFlight(taken: readonly Taken[]): Taken[] {
  return taken.filter(({ settledAt }) => settledAt === undefined);
}

async function waitForSettled(taken: readonly Taken[], count: number): Promise<void> {
  const settled = () => taken.filter(({ settledAt }) => settledAt !== undefined).length;
  const wanted = settled() + count;
  const what = `${count} more trips to be settled`;
  await waitUntil(() => settled() >= wanted, { what, timeoutMs: 120_000 });
}

/** Sends SIGTERM to an app, and expects that it exits with status 0 within its timeout. */
async function stopGracefully(app: App): Promise<void> {
  const { pid } = app;
  if (pid === undefined) throw new Error(`${app.name} does not run`);
  process.kill(pid, "SIGTERM");
  const what = `${app.name} to exit`;
  await waitUntil(() => app.pid === undefined, { what, timeoutMs: 30_000 });
  const lines = (await readFile(app.logFile, "utf8")).trimEnd().split("\n");
  const last = lines.slice(-10).join("\n");
  expect(last).toMatch(new RegExp(`"pid":${pid},.*"status":0,"msg":"stopped"}$`));
}

describe("SIGTERM with 20 trips in flight", { timeout: 600_000 }, () => {
  const table = createFaultTable();
  let stack: Stack;
  let reader: AccountReader;
  let vehicles: string[];
  beforeAll(async () => {
    stack = await startStack();
    reader = openAccountReader(stack);
    vehicles = await reader.addVehicles(inFlight);
  }, 180_000);
  afterAll(async () => {
    await reader?.[Symbol.asyncDispose]();
    await stack?.[Symbol.asyncDispose]();
    if (long) process.stdout.write(`${table.lines().join("\n")}\n`);
  }, 60_000);

  /** Runs `work` while riders take one trip after the other, and returns their trips. */
  async function underLoad(work: (taken: readonly Taken[]) => Promise<void>): Promise<Taken[]> {
    const { clients } = stack;
    const taken: Taken[] = [];
    const over = new AbortController();
    async function takeTrips(vehicleId: string): Promise<void> {
      while (!over.signal.aborted) {
        const one: Taken = { trip: createTrip({ vehicleId }) };
        taken.push(one);
        await takeTrip(clients, one.trip, "end");
        await waitForStatus(clients, one.trip, TripStatus.SETTLED);
        one.settledAt = performance.now();
        await vehicleIsFree(vehicleId);
      }
    }
    const riders = Promise.all(vehicles.map(takeTrips));
    try {
      await Promise.race([
        waitForSettled(taken, 1).then(() => work(taken)),
        riders.then(() => Promise.reject(new Error("expected the riders to continue"))),
      ]);
    } finally {
      over.abort();
    }
    await riders;
    return taken;
  }

  async function vehicleIsFree(vehicleId: string): Promise<void> {
    await waitUntil(
      async () => (await stack.clients.fleet.getVehicle({ vehicleId })).vehicle?.tripId === "",
      { what: `${vehicleId} to be free`, intervalMs: 100, timeoutMs: 120_000 },
    );
  }

  /** Waits until each trip has ended, in every group, and adds the hit trips to the table. */
  async function recordAccounts(
    fault: string,
    taken: readonly Taken[],
    hits: readonly { readonly at: number; readonly trips: readonly Taken[] }[],
  ): Promise<Account[]> {
    const tripIds = taken.map(({ trip }) => trip.tripId);
    await waitUntil(async () => (await reader.readAccounts(tripIds)).every(hasEnded), {
      what: "every trip to end, in every group",
      intervalMs: 200,
      timeoutMs: 120_000,
    });
    const accounts = await reader.readAccounts(tripIds);
    const accountsById = new Map(tripIds.map((tripId, index) => [tripId, accounts[index]]));
    for (const { at, trips } of hits) {
      const recovered = trips.flatMap(({ trip, settledAt = Number.NaN }) => {
        const account = accountsById.get(trip.tripId);
        if (account === undefined) return [];
        const asExpected = isDeepStrictEqual(account, settledAccount(account.fare));
        return [{ account, asExpected, ms: settledAt - at }];
      });
      table.add(fault, recovered);
    }
    return accounts;
  }

  it("settles every trip while each process restarts in turn", async () => {
    const { system } = stack;
    const hits: { at: number; trips: Taken[] }[] = [];
    const taken = await underLoad(async (sofar) => {
      for (let round = 1; round <= rounds; round += 1) {
        for (const name of appNames) {
          hits.push({ at: performance.now(), trips: filterInFlight(sofar) });
          await stopGracefully(system.app(name));
          await system.app(name).start();
          await waitForSettled(sofar, 1);
        }
      }
    });
    const accounts = await recordAccounts("SIGTERM of each process", taken, hits);
    expect(accounts).toEqual(accounts.map(({ fare }) => settledAccount(fare)));
  });

  it("hands the trips of a stopping worker over to the other worker", async () => {
    const worker = stack.system.app("worker");
    await using other = await startApp({
      name: "worker",
      env: worker.env,
      logFile: worker.logFile.replace("worker", "other-worker"),
    });
    const hits: { at: number; trips: Taken[] }[] = [];
    const taken = await underLoad(async (sofar) => {
      for (let round = 1; round <= rounds; round += 1) {
        for (const one of long ? [worker, other] : [worker]) {
          const trips = filterInFlight(sofar);
          hits.push({ at: performance.now(), trips });
          await stopGracefully(one);
          const what = "what was in flight to be settled by the other worker";
          await waitUntil(() => filterInFlight(trips).length === 0, { what, timeoutMs: 120_000 });
          await one.start();
        }
      }
    });
    const accounts = await recordAccounts("SIGTERM of one of two workers", taken, hits);
    expect(accounts).toEqual(accounts.map(({ fare }) => settledAccount(fare)));
  });
});
