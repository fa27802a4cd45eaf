import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { connectNats, createUserOptions } from "@fanfare/bus-nats";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { type Trip, TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { createDevKeys, mintToken, waitUntil } from "@fanfare/dev-stack";
import { locateSeed, rotateNatsSecrets } from "@fanfare/nats-users";
import {
  codecKeysFile,
  createSecrets,
  openSecretsFolder,
  rotateSecrets,
  serviceKeyFile,
} from "@fanfare/secrets";
import { createServiceTransport } from "@fanfare/service";
import { appNames } from "@fanfare/topology";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hasEnded, openAccountReader, settledAccount } from "../test/account-reader.ts";
import { createClients } from "../test/clients.ts";
import { type Stack, startStack } from "../test/stack.ts";
import { createTrip, startTrip } from "../test/trips.ts";

describe("rotation under load", { timeout: 240_000 }, () => {
  let stack: Stack;
  const settled: string[] = [];
  const failures: unknown[] = [];
  const over = new AbortController();
  let riders: Promise<unknown>;
  let watching: Promise<TripStatus[]>;
  let earlierKey = "";
  const watched = createTrip({ name: "walter", vehicleId: "vehicle-9" });

  /** Takes one trip after the other. No call is repeated: each failure is kept. */
  async function takeTrips(name: string, vehicleId: string): Promise<void> {
    const trips = stack.clients.trips(name);
    while (!over.signal.aborted) {
      const rider = createTrip({ name, vehicleId });
      const until = async (done: (trip: Trip | undefined) => boolean): Promise<void> => {
        const call = async () => done((await trips.getTrip({ tripId: rider.tripId })).trip);
        await waitUntil(() => call().catch((error: unknown) => failures.push(error) > 0), {
          what: `the next status of ${rider.tripId}`,
          intervalMs: 50,
          timeoutMs: 60_000,
        });
      };
      try {
        await startTrip(stack.clients, rider);
        await until((trip) => trip?.status === TripStatus.ACTIVE);
        await trips.endTrip({ tripId: rider.tripId });
        await until((trip) => trip?.status === TripStatus.SETTLED);
        settled.push(rider.tripId);
      } catch (error) {
        failures.push(error);
      }
    }
  }

  async function waitForTrips(count: number): Promise<void> {
    const wanted = settled.length + count;
    await waitUntil(() => settled.length >= wanted || failures.length > 0, {
      what: `${count} more trips`,
      timeoutMs: 60_000,
    });
  }

  async function watch(): Promise<TripStatus[]> {
    const statuses: TripStatus[] = [];
    const { tripId } = watched;
    const stream = stack.clients.trips(watched.name).watchTrip({ tripId }, { timeoutMs: 0 });
    for await (const { trip } of stream) {
      if (trip !== undefined) statuses.push(trip.status);
      if (trip?.status === TripStatus.SETTLED) break;
    }
    return statuses;
  }

  async function rotateWith(work: () => Promise<unknown>): Promise<void> {
    await waitForTrips(2);
    await work();
    await waitForTrips(2);
    expect(failures).toEqual([]);
  }

  const rotate = (part: string) =>
    rotateWith(() =>
      rotateSecrets(stack.secretsFolder, part, { report: () => {}, timeoutMs: 60_000 }),
    );

  beforeAll(async () => {
    stack = await startStack();
    await startTrip(stack.clients, watched);
    watching = watch();
    riders = Promise.all(
      ["anna", "ben"].map((name, index) => takeTrips(name, `vehicle-${index + 1}`)),
    );
  }, 180_000);
  afterAll(async () => {
    over.abort();
    await riders;
    await stack?.[Symbol.asyncDispose]();
  }, 60_000);

  it("postgres: gives every app another login, and refuses the earlier one", async () => {
    const file = join(stack.secretsFolder, "trips", "database-url");
    const earlier = await readFile(file, "utf8");
    await rotate("postgres");
    const { username } = new URL(await readFile(file, "utf8"));
    expect(username).not.toBe(new URL(earlier).username);
    await expect(new Client({ connectionString: earlier }).connect()).rejects.toThrow(
      "password authentication failed",
    );
  });

  it("nats: gives every app another key, and refuses the earlier one", async () => {
    const { url } = stack.servers.nats;
    const earlier = join(stack.secretsFolder, "earlier.nk");
    await copyFile(locateSeed(openSecretsFolder(stack.secretsFolder), "worker"), earlier);
    await rotateWith(() => rotateNatsSecrets(stack.secretsFolder, { nats: { servers: url } }));
    const login = createUserOptions("worker", { nkeyFile: earlier });
    await expect(connectNats({ servers: url, ...login })).rejects.toMatchObject({
      code: "permission_denied",
    });
  });

  it("tokens: gives the worker another key", async () => {
    const file = join(stack.secretsFolder, "worker", serviceKeyFile);
    earlierKey = await readFile(file, "utf8");
    await rotate("tokens");
    expect(await readFile(file, "utf8")).not.toBe(earlierKey);
  });

  it("keys: accepts the tokens of riders who have signed in, and those of the new key", async () => {
    await rotate("keys");
    const keys = await createDevKeys(join(stack.secretsFolder, "keys"));
    expect(keys.keyId).not.toBe(stack.keys.keyId);
    const clients = createClients({
      findUrl: (name) => stack.system.app(name).url,
      mintToken: (claims) => mintToken(keys, claims),
    });
    const { trips } = await clients.trips("anna").listTrips({});
    expect(trips.length).toBeGreaterThan(0);
  });

  it("codec: encrypts with another key, and reads what the earlier one encrypted", async () => {
    const file = join(stack.secretsFolder, "worker", codecKeysFile);
    const earlier = JSON.parse(await readFile(file, "utf8"));
    await rotate("codec");
    const { encryptWith, keys } = JSON.parse(await readFile(file, "utf8"));
    expect(encryptWith).not.toBe(earlier.encryptWith);
    expect(keys).toMatchObject(earlier.keys);
  });

  it("ends no watch, loses no trip, and refuses no call between services", async () => {
    over.abort();
    await riders;
    await stack.clients.trips(watched.name).endTrip({ tripId: watched.tripId });
    expect((await watching).at(-1)).toBe(TripStatus.SETTLED);
    expect(failures).toEqual([]);

    await using reader = openAccountReader(stack);
    const readAccounts = () => reader.readAccounts(settled);
    await waitUntil(async () => (await readAccounts()).every(hasEnded), {
      what: "every trip to end, in every group",
      timeoutMs: 60_000,
    });
    for (const account of await readAccounts()) {
      expect(account).toEqual(settledAccount(account.fare));
    }
    for (const name of appNames) {
      const log = await readFile(stack.system.app(name).logFile, "utf8");
      expect(log).not.toMatch(/authentication failed|not permitted to log in|unauthenticated/i);
    }
  });

  it("tokens: refuses the earlier key of the worker once it is removed", async () => {
    const file = join(stack.secretsFolder, "earlier-key.json");
    await writeFile(file, earlierKey);
    using transport = createServiceTransport({
      baseUrl: stack.system.app("fleet").url,
      tokenKey: { file, issuer: "services", subject: "worker", role: "service", audience: "fleet" },
    });
    const release = { vehicleId: "vehicle-3", tripId: crypto.randomUUID() };
    const headers = { "idempotency-key": crypto.randomUUID() };
    const call = () =>
      createClient(FleetService, transport)
        .releaseVehicle(release, { headers })
        .catch((error: unknown) => ConnectError.from(error).code);
    expect(await call()).not.toBe(Code.Unauthenticated);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    await createSecrets(stack.secretsFolder);
    vi.useRealTimers();
    expect(await call()).toBe(Code.Unauthenticated);
  });
});
