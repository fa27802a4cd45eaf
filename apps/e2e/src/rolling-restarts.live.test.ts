import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { type App, findFreePort, startApp, waitUntil } from "@fanfare/dev-stack";
import { appNames } from "@fanfare/topology";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Account, type Books, openBooks, settledAccount } from "../test/books.ts";
import { createFaultTable } from "../test/fault-table.ts";
import { type Stack, startStack } from "../test/stack.ts";
import { newTrip, type Rider, takeTrip, waitForStatus } from "../test/trips.ts";

/** FANFARE_DEAD=long goes round several times, and prints a table. */
const long = process.env.FANFARE_DEAD === "long";
const rounds = long ? Number(process.env.FANFARE_DEAD_ROUNDS ?? 3) : 1;
const inFlight = 20;

interface Taken {
  readonly trip: Rider;
  /** By performance.now(), once the rider heard that it is settled. */
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

/** stopped asks a process to end, which it has to do by its own deadline and with status 0. */
async function stopGracefully(app: App): Promise<void> {
  const { pid } = app;
  if (pid === undefined) throw new Error(`${app.name} does not run`);
  process.kill(pid, "SIGTERM");
  const what = `${app.name} to end by itself`;
  await waitUntil(() => app.pid === undefined, { what, timeoutMs: 30_000 });
  const lines = (await readFile(app.logFile, "utf8")).trimEnd().split("\n");
  const last = lines.slice(-10).join("\n");
  expect(last).toMatch(new RegExp(`"pid":${pid},.*"status":0,"msg":"stopped"}$`));
}

describe("SIGTERM under a load of 20 trips in flight", { timeout: 600_000 }, () => {
  const table = createFaultTable();
  let stack: Stack;
  let books: Books;
  let vehicles: string[];
  beforeAll(async () => {
    stack = await startStack();
    books = await openBooks(stack);
    vehicles = await books.addVehicles(inFlight);
  }, 180_000);
  afterAll(async () => {
    await books?.[Symbol.asyncDispose]();
    await stack?.[Symbol.asyncDispose]();
    if (long) process.stdout.write(`${table.lines().join("\n")}\n`);
  }, 60_000);

  /** underLoad does something while riders take one trip after the other, and gives their trips. */
  async function underLoad(work: (taken: readonly Taken[]) => Promise<void>): Promise<Taken[]> {
    const { clients } = stack;
    const taken: Taken[] = [];
    const over = new AbortController();
    async function takeTrips(vehicleId: string): Promise<void> {
      while (!over.signal.aborted) {
        const one: Taken = { trip: newTrip({ vehicleId }) };
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
        riders.then(() => Promise.reject(new Error("the riders are gone"))),
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

  /** accountsOf waits until every group has heard of each trip, and records what the fault hit. */
  async function accountsOf(
    fault: string,
    taken: readonly Taken[],
    hits: readonly { readonly at: number; readonly trips: readonly Taken[] }[],
  ): Promise<Account[]> {
    const tripIds = taken.map(({ trip }) => trip.tripId);
    await waitUntil(
      async () => {
        const told = await books.accountsOf(tripIds);
        return told.every(({ effects }) => Object.values(effects).every((count) => count > 0));
      },
      { what: "every group to hear of every trip", intervalMs: 200, timeoutMs: 120_000 },
    );
    const accounts = await books.accountsOf(tripIds);
    const accountOf = new Map(tripIds.map((tripId, index) => [tripId, accounts[index]]));
    for (const { at, trips } of hits) {
      const recovered = trips.flatMap(({ trip, settledAt = Number.NaN }) => {
        const account = accountOf.get(trip.tripId);
        if (account === undefined) return [];
        const asExpected = isDeepStrictEqual(account, settledAccount(account.fare));
        return [{ account, asExpected, ms: settledAt - at }];
      });
      table.add(fault, recovered);
    }
    return accounts;
  }

  it("stops and starts every process in turn, and no trip fails or is stuck", async () => {
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
    const accounts = await accountsOf("SIGTERM of each process", taken, hits);
    expect(accounts).toEqual(accounts.map(({ fare }) => settledAccount(fare)));
  });

  it("a worker that stops hands over to the other one", async () => {
    const worker = stack.system.app("worker");
    const port = await findFreePort();
    await using other = await startApp({
      name: "worker",
      port,
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
    const accounts = await accountsOf("SIGTERM of one of two workers", taken, hits);
    expect(accounts).toEqual(accounts.map(({ fare }) => settledAccount(fare)));
  });
});
