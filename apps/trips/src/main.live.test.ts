import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createDevKeys,
  mintToken,
  reservePorts,
  startPostgres,
  waitUntil,
} from "@fanfare/dev-stack";
import { createLogger, openDatabase } from "@fanfare/service";
import { expect, it } from "vitest";
import { migrations } from "./registry/migrations.ts";
import type { TripsDatabase } from "./registry/tables.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

async function readStatus(url: string): Promise<number> {
  return (await fetch(url)).status;
}

it("starts before its servers, is ready when they are, and stops cleanly", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "trips-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const keys = await createDevKeys(folder);
  const postgres = stack.use(await startPostgres());
  const databaseUrl = await postgres.createDatabase("trips");
  await postgres.kill();

  const {
    ports: [port = 0, internalPort = 0, healthPort = 0, unusedPort = 0],
  } = await reservePorts(4);
  const trips = spawn(process.execPath, [main], {
    env: {
      PORT: String(port),
      INTERNAL_PORT: String(internalPort),
      HEALTH_PORT: String(healthPort),
      AUTH_JWKS: keys.jwksFile,
      AUTH_ISSUER: keys.issuer,
      AUTH_AUDIENCE: keys.audience,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: `127.0.0.1:${unusedPort}`,
    },
    stdio: "ignore",
  });
  const exited = once(trips, "exit");
  stack.defer(() => void trips.kill("SIGKILL"));

  const url = `http://127.0.0.1:${port}`;
  const healthUrl = `http://127.0.0.1:${healthPort}`;
  await waitUntil(async () => (await readStatus(`${healthUrl}/healthz`)) === 200, {
    what: "the process",
  });
  expect(await readStatus(`${healthUrl}/readyz`)).toBe(503);

  await postgres.start();
  // Temporal stays away: what needs the registry alone works, and a request to end is recorded.
  await waitUntil(async () => (await readStatus(`${healthUrl}/readyz`)) === 200, { what: "trips" });
  const health = await fetch(`${healthUrl}/healthz`);
  expect(await health.json()).toMatchObject({
    parts: { database: { state: "ok" }, temporal: { state: "degraded" } },
  });
  const tripId = randomUUID();
  const token = await mintToken(keys, { role: "rider", subject: "rosa" });
  const call = async (method: string, request: object): Promise<unknown> => {
    const response = await fetch(`${url}/trips.v1.TripsService/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(request),
    });
    return await response.json();
  };
  const trip = { tripId, riderId: "rosa", status: "TRIP_STATUS_REQUESTED" };
  const start = { tripId, vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" };
  expect(await call("StartTrip", start)).toMatchObject({ trip });
  expect(await call("GetTrip", { tripId })).toMatchObject({ trip });
  expect(await call("ListTrips", {})).toMatchObject({ trips: [trip] });
  // As the saga would record it.
  const logger = createLogger({ name: "test", level: "silent" });
  const database = stack.use(
    openDatabase<TripsDatabase>({ url: databaseUrl, name: "test", migrations, logger }),
  );
  await database.db
    .updateTable("trips")
    .set({ status: "ACTIVE" })
    .where("trip_id", "=", tripId)
    .execute();
  expect(await call("EndTrip", { tripId })).toMatchObject({
    trip: { status: "TRIP_STATUS_ACTIVE", endRequestedAt: expect.any(String) },
  });

  trips.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});
