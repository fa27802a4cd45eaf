import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { waitUntil } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Account,
  compensatedAccount,
  openAccountReader,
  settledAccount,
} from "../test/account-reader.ts";
import { createKeptStack, type KeptStack } from "../test/kept-stack.ts";
import { type Ride, type Riding, startRiding } from "../test/riding.ts";
import { createTrip, retryCall, startTrip } from "../test/trips.ts";

interface Difference {
  readonly got: Account | undefined;
  readonly expected: Account;
}

/** What a restored stack may not have. */
interface Violations {
  /** Trips that were acknowledged before the instant of the backup, and that are unknown. */
  readonly lost: readonly Ride[];
  /** Trips that are not charged once with one effect in each group, or not fully compensated. */
  readonly differing: readonly Difference[];
  /** What is left of trips that are unknown. */
  readonly strays: readonly Account[];
}
const noViolations: Violations = { lost: [], differing: [], strays: [] };

/** The long form loses all secrets as well, and encrypts every connection. */
const long = process.env.FANFARE_BACKUP === "long";

/** The start of the names of this test's backups. */
const prefix = `fanfare-backup-${process.pid}-`;

const unknownAccount: Account = { ...compensatedAccount, status: "unknown" };

describe("backup and restore", { timeout: 400_000 }, () => {
  const folder = join(tmpdir(), `${prefix}good`);
  /** Trips that are driving when the backup begins, and that nobody ends before the loss. */
  const driving: Ride[] = [11, 12].map((number) => ({
    ...createTrip({ name: `driver-${number}`, vehicleId: `vehicle-${number}` }),
    stop: "end",
  }));
  let stack: KeptStack;
  let riding: Riding;
  let backup: { readonly began: number; readonly instant: number };

  async function waitForStops(count: number): Promise<void> {
    const wanted = countStops(riding) + count;
    await waitUntil(() => countStops(riding) >= wanted, {
      what: `${count} trips`,
      timeoutMs: 60_000,
    });
  }

  beforeAll(async () => {
    stack = await createKeptStack({ tls: long });
    await stack.start();
    const clients = stack.openClients();
    for (const trip of driving) {
      await startTrip(clients, trip);
      trip.startedAt = Date.now();
    }
    riding = startRiding(clients, ["vehicle-1", "vehicle-2", "vehicle-3", "vehicle-4"]);
    await waitForStops(8);
  }, 240_000);
  afterAll(async () => {
    await riding?.stop();
    await stack?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  /** Returns whether the stop of a trip was acknowledged before the backup began. */
  function wasStopped({ stoppedAt = Infinity }: Ride): boolean {
    return stoppedAt < backup.began;
  }

  /** Ends every trip that the restored stack knows, and returns what no trip may have. */
  async function findViolations(): Promise<Violations> {
    const clients = stack.openClients();
    await using reader = openAccountReader(stack);
    const rides = [...driving, ...riding.rides];
    const before = await reader.readAccounts(rides.map(({ tripId }) => tripId));
    const unknown = rides.filter((_, index) => before[index]?.status === "unknown");
    const found = rides.filter((ride) => !unknown.includes(ride));
    for (const { name, tripId } of found.filter((ride) => !wasStopped(ride))) {
      await retryCall(`trip ${tripId} to stop`, async () => {
        const { trip } = await clients.trips(name).getTrip({ tripId });
        if (!trip?.reason) await clients.trips(name).endTrip({ tripId });
        return true;
      });
    }
    let differing: Difference[] = [];
    const compare = async () => {
      const accounts = await reader.readAccounts(found.map(({ tripId }) => tripId));
      differing = found
        .map((ride, index) => ({
          got: accounts[index],
          expected: expectAccount(accounts[index], wasStopped(ride) ? ride.stop : undefined),
        }))
        .filter(({ got, expected }) => !isDeepStrictEqual(got, expected));
      return differing.length === 0;
    };
    const what = "every trip to be done";
    await waitUntil(compare, { what, intervalMs: 250, timeoutMs: 60_000 }).catch(() => undefined);
    const strays = await reader.readAccounts(unknown.map(({ tripId }) => tripId));
    return {
      lost: unknown.filter(({ startedAt = Infinity }) => startedAt < backup.instant),
      differing,
      strays: strays.filter((account) => !isDeepStrictEqual(account, unknownAccount)),
    };
  }

  async function restore(...flags: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await stack.run("restore", folder, "--json", ...flags);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(Date.parse(JSON.parse(stdout).lost.from)).toBe(backup.instant);
    await stack.start();
  }

  it("backs up while trips start, drive, end and are cancelled", async () => {
    const before = Date.now();
    const { status, stdout, stderr } = await stack.run("backup", folder, "--json");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { began, instant } = JSON.parse(stdout);
    backup = { began: Date.parse(began), instant: Date.parse(instant) };
    expect(backup.began).toBeGreaterThanOrEqual(before);
    // Riders go on during the backup and after it.
    await waitForStops(4);
  });

  it("keeps a backup that is complete, and leaves nothing of one that fills the disk", async () => {
    const again = await stack.run("backup", folder);
    expect(again).toMatchObject({ status: 1, stdout: "" });
    expect(again.stderr).toMatch(/expected an empty folder at .*, found files: name another one/);
    const full = await stack.runOnFullDisk("backup", join(tmpdir(), `${prefix}full`));
    expect(full).toMatchObject({ status: 1, stdout: "" });
    expect(full.stderr).toMatch(/expected room in .*, found a full disk .*: free space/);
    expect((await readdir(tmpdir())).filter((entry) => entry.startsWith(prefix))).toEqual([
      `${prefix}good`,
    ]);
  });

  it("refuses to restore while the stack runs", async () => {
    const { status, stderr } = await stack.run("restore", folder, "--replace");
    expect({ status, stderr }).toMatchObject({ status: 1 });
    expect(stderr).toMatch(/expected no running stack of this checkout/);
  });

  it("changes nothing without --replace, on a full disk, and when it is killed", async () => {
    const stopped = riding.stop();
    await stack.kill();
    await stopped;
    // A restore is needed because data is gone: whatever is left is not to be lost as well.
    await rm(join(stack.state, "data", "nats"), { recursive: true });
    const before = await listLeft();
    const { status, stderr } = await stack.run("restore", folder);
    expect(status).toBe(1);
    expect(stderr).toMatch(/expected no data in .*, found some: .* remove it with --replace/);
    const full = await stack.runOnFullDisk("restore", folder, "--replace");
    expect(full.status).toBe(1);
    expect(full.stderr).toMatch(/expected room in .*, found a full disk .*: free space/);
    await stack.killAt("restore.part/nats", "restore", folder, "--replace");
    expect(await listLeft()).toEqual(before);
  });

  it("has every invariant when the data is destroyed and restored", async () => {
    await restore("--replace");
    expect(await findViolations()).toEqual(noViolations);
  });

  it.runIf(long)("has every invariant when Temporal and all secrets are lost as well", async () => {
    await stack.kill();
    await rm(stack.state, { recursive: true });
    const { status, stderr } = await stack.run("restore", folder);
    expect(status).toBe(1);
    expect(stderr).toMatch(/expected the codec keys .*, found none: .*--without-temporal/);
    await restore("--without-temporal");
    expect(await findViolations()).toEqual(noViolations);
  });

  async function listLeft(): Promise<string[]> {
    const data = join(stack.state, "data");
    return (await readdir(data, { recursive: true })).toSorted();
  }
});

function countStops({ rides }: Riding): number {
  return rides.filter(({ stoppedAt }) => stoppedAt !== undefined).length;
}

/** Returns the account of a trip that is done. A stop that was acknowledged decides how. */
function expectAccount(found: Account | undefined, stop: Ride["stop"] | undefined): Account {
  const isCancelled = stop === undefined ? found?.status === "CANCELLED" : stop === "cancel";
  return isCancelled ? compensatedAccount : settledAccount(found?.fare ?? 0);
}
