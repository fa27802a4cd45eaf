import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createPublisher } from "@fanfare/bus";
import { connectNats, createUserOptions } from "@fanfare/bus-nats";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import {
  createDevKeys,
  reservePorts,
  startApp,
  startNats,
  startPostgres,
  waitUntil,
} from "@fanfare/dev-stack";
import { reactorNames } from "@fanfare/topology";
import { expect, it } from "vitest";
import { runFanfare } from "../../test/run-fanfare.ts";

it("the reactors run with exactly the permissions that are printed", {
  timeout: 240_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "fanfare-privilege-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const { NATS_URL: _, POSTGRES_ADMIN_URL: __, TEMPORAL_ADDRESS: ___, ...others } = process.env;

  const printed = await runFanfare(["provision", "--print-permissions"], others);
  const config = printed.stdout
    .replaceAll(/\$[A-Z]+_PASSWORD/g, "secret")
    .replace("users: [", "users: [\n    { user: admin, password: secret }");
  const nats = stack.use(await startNats({ env: others, config }));
  const admin = { ...others, NATS_URL: nats.url, NATS_USER: "admin", NATS_PASSWORD: "secret" };
  expect(await runFanfare(["provision", "--quiet"], admin)).toMatchObject({ status: 0 });
  expect((await runFanfare(["provision", "check"], admin)).stdout).not.toMatch(/^(create|update)/m);

  const postgres = stack.use(await startPostgres());
  const keys = await createDevKeys(folder);
  const { ports } = await reservePorts(reactorNames.length);
  const apps = await Promise.all(
    reactorNames.map(async (name, index) =>
      stack.use(
        await startApp({
          name,
          port: ports[index] ?? 0,
          logFile: join(folder, `${name}.log`),
          env: {
            AUTH_JWKS: keys.jwksFile,
            AUTH_ISSUER: keys.issuer,
            AUTH_AUDIENCE: keys.audience,
            DATABASE_URL: await postgres.createDatabase(name),
            NATS_URL: nats.url,
            NATS_USER: name,
            NATS_PASSWORD: "secret",
          },
        }),
      ),
    ),
  );
  await using worker = await connectNats({
    servers: nats.url,
    ...createUserOptions("worker", { user: "worker", password: "secret" }),
  });
  await createPublisher(TripEvents, worker).tripCompleted({
    tripId: crypto.randomUUID(),
    riderId: "rider-1",
    vehicleId: "vehicle-1",
    startedAt: timestampFromDate(new Date("2026-11-21T10:00:00Z")),
    endedAt: timestampFromDate(new Date("2026-11-21T10:23:00Z")),
    unlockFee: { minorUnits: 100n, currency: "EUR" },
    fare: { minorUnits: 1150n, currency: "EUR" },
    settled: { minorUnits: 1250n, currency: "EUR" },
  });

  for (const { name, healthUrl } of apps) {
    const metrics = async () => await (await fetch(`${healthUrl}/metrics`)).text();
    const handled = `fanfare_bus_handled_total{group="${name}"} 1\n`;
    await waitUntil(async () => (await metrics()).includes(handled), {
      what: `${name} to handle the trip`,
      timeoutMs: 60_000,
    });
    const text = await metrics();
    expect(text).toContain(`fanfare_bus_lag_seconds{group="${name}"} 0\n`);
    expect(text).toContain(`fanfare_bus_dead_letters{group="${name}"} 0\n`);
    // What the server refuses a process is its last error.
    expect(text).not.toMatch(/^fanfare_bus_last_error\{/m);
  }
  const groups = await runFanfare(["groups"], admin);
  expect(groups.stdout).toMatch(/^revenue +trips\.completed +0 +0 +0 +0 +- +0 +- +yes$/m);
  const strange = await runFanfare(["groups"], { ...admin, NATS_USER: "revenue" });
  expect(strange.status).toBe(1);
});
