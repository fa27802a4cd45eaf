import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createDevKeys,
  mintToken,
  reservePort,
  startApp,
  startNats,
  startPostgres,
} from "@fanfare/dev-stack";
import { expect, it } from "vitest";

it("reports its outbox and its relay at /metrics", {
  timeout: 120_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "fleet-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const keys = await createDevKeys(folder);
  const nats = stack.use(await startNats());
  const postgres = stack.use(await startPostgres());
  const fleet = stack.use(
    await startApp({
      name: "fleet",
      port: await reservePort(),
      logFile: join(folder, "fleet.log"),
      env: {
        AUTH_JWKS: keys.jwksFile,
        AUTH_ISSUER: keys.issuer,
        AUTH_AUDIENCE: keys.audience,
        DATABASE_URL: await postgres.createDatabase("fleet"),
        NATS_URL: nats.url,
      },
    }),
  );
  const metrics = async () => await (await fetch(`${fleet.healthUrl}/metrics`)).text();
  const expectMetrics = async (...lines: readonly string[]) => {
    for (const line of lines) {
      await expect.poll(metrics, { timeout: 30_000 }).toContain(`${line}\n`);
    }
  };
  const idle = [
    "fanfare_bus_connected 1",
    "fanfare_outbox_waiting 0",
    "fanfare_outbox_oldest_seconds 0",
    "fanfare_outbox_rejected 0",
    'fanfare_retention_removed_total{table="idempotency_keys"} 0',
  ];
  await expectMetrics(...idle, "fanfare_relay_published_total 0");

  const token = await mintToken(keys, {
    role: "service",
    subject: "worker",
    audience: "fleet",
  });
  const tripId = crypto.randomUUID();
  const reserved = await fetch(`${fleet.url}/fleet.v1.FleetService/ReserveVehicle`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
      "idempotency-key": `trip/${tripId}/reserve-vehicle`,
    },
    body: JSON.stringify({ vehicleId: "vehicle-1", tripId }),
  });
  expect(reserved.status).toBe(200);
  await expectMetrics(
    ...idle,
    "fanfare_relay_published_total 1",
    "fanfare_relay_duplicates_total 0",
  );

  // Vehicles are reserved without the broker.
  await nats.kill();
  const parts = async () => await (await fetch(`${fleet.healthUrl}/healthz`)).json();
  await expect
    .poll(parts, { timeout: 30_000 })
    .toMatchObject({ parts: { database: { state: "ok" }, broker: { state: "degraded" } } });
  expect((await fetch(`${fleet.healthUrl}/readyz`)).status).toBe(200);
});
