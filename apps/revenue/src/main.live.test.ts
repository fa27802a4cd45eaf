import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createPublisher } from "@fanfare/bus";
import { connectNats } from "@fanfare/bus-nats";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import {
  createDevKeys,
  mintToken,
  reservePorts,
  startNats,
  startPostgres,
  waitUntil,
} from "@fanfare/dev-stack";
import { completedTrip } from "@fanfare/test-fixtures";
import { expect, it } from "vitest";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

it("starts before its servers, shares its group's events, and stops cleanly", {
  timeout: 120_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "revenue-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const keys = await createDevKeys(folder);
  const nats = stack.use(await startNats());
  const postgres = stack.use(await startPostgres());
  const databaseUrl = await postgres.createDatabase("revenue");
  await Promise.all([nats.kill(), postgres.kill()]);

  const { ports } = await reservePorts(4);
  const processes = [0, 1].map((index) => {
    const [port = 0, healthPort = 0] = ports.slice(2 * index);
    const revenue = spawn(process.execPath, [main], {
      env: {
        PORT: String(port),
        HEALTH_PORT: String(healthPort),
        AUTH_JWKS: keys.jwksFile,
        AUTH_ISSUER: keys.issuer,
        AUTH_AUDIENCE: keys.audience,
        DATABASE_URL: databaseUrl,
        NATS_URL: nats.url,
      },
      stdio: "ignore",
    });
    stack.defer(() => void revenue.kill("SIGKILL"));
    return {
      revenue,
      url: `http://127.0.0.1:${port}`,
      healthUrl: `http://127.0.0.1:${healthPort}`,
      exited: once(revenue, "exit"),
    };
  });
  const waitForAll = (path: string, status: number) =>
    waitUntil(
      async () => {
        const responses = await Promise.all(
          processes.map(({ healthUrl }) => fetch(healthUrl + path)),
        );
        return responses.every((response) => response.status === status);
      },
      { what: `${path} to be ${status}`, timeoutMs: 60_000 },
    );

  await waitForAll("/healthz", 200);
  await waitForAll("/readyz", 503);
  await postgres.start();
  await nats.start();
  await waitForAll("/readyz", 200);

  await using bus = await connectNats({ servers: nats.url, name: "worker" });
  const trips = Array.from({ length: 20 }, () => completedTrip());
  const { tripCompleted } = createPublisher(TripEvents, bus);
  await Promise.all(trips.map((trip) => tripCompleted(trip)));

  const token = await mintToken(keys, { role: "operator", subject: "ops" });
  const [first = { url: "", healthUrl: "" }] = processes;
  const call = async (method: string, request: object) => {
    const response = await fetch(`${first.url}/revenue.v1.RevenueService/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(request),
    });
    return await response.json();
  };
  const days = () => call("ListVehicleDays", { vehicleId: "vehicle-1" });
  await expect
    .poll(days, { timeout: 60_000 })
    .toMatchObject({ days: [{ trips: "20", revenue: { minorUnits: "25000", currency: "EUR" } }] });
  expect(await call("ListRevenue", { tripId: trips[0]?.tripId })).toMatchObject({
    entries: [{ amount: { minorUnits: "1250", currency: "EUR" } }],
  });

  const metrics = await (await fetch(`${first.healthUrl}/metrics`)).text();
  expect(metrics).toContain("fanfare_bus_connected 1\n");
  expect(metrics).toContain('fanfare_bus_lag_seconds{group="revenue"} 0\n');
  expect(metrics).toContain('fanfare_bus_subscription{group="revenue",state="running"} 1\n');

  // Queries need the database alone.
  await nats.kill();
  const parts = async () => (await fetch(`${first.healthUrl}/healthz`)).json();
  await expect
    .poll(parts, { timeout: 30_000 })
    .toMatchObject({ parts: { database: { state: "ok" }, bus: { state: "degraded" } } });
  await waitForAll("/readyz", 200);
  expect(await days()).toMatchObject({ days: [{ trips: "20" }] });

  for (const { revenue } of processes) revenue.kill("SIGTERM");
  for (const { exited } of processes) expect(await exited).toEqual([0, null]);
});
