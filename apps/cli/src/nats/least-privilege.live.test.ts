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

it("least privilege: the reactors and the commands run with the keys of fanfare secrets", {
  timeout: 240_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "fanfare-privilege-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const { NATS_URL: _, POSTGRES_ADMIN_URL: __, TEMPORAL_ADDRESS: ___, ...others } = process.env;

  await runFanfare(["secrets", folder], others);
  const nats = stack.use(
    await startNats({ env: others, configFile: join(folder, "nats", "accounts.conf") }),
  );
  const loginAs = (name: string) => ({
    NATS_URL: nats.url,
    NATS_NKEY_FILE: join(folder, name, "nats.nk"),
  });
  const admin = { ...others, ...loginAs("provision") };
  expect(await runFanfare(["provision", "--quiet"], admin)).toMatchObject({ status: 0 });
  const system = { ...admin, NATS_SYSTEM_NKEY_FILE: join(folder, "nats-system", "nats.nk") };
  const check = await runFanfare(["provision", "check"], system);
  expect(check.stdout).not.toMatch(/^(create|update)/m);
  expect(check.stdout).toMatch(/^at-risk: the server syncs every 120 s/m);

  const postgres = stack.use(await startPostgres());
  const keys = await createDevKeys(folder);
  const { ports } = await reservePorts(reactorNames.length);
  const riders = {
    // Nothing listens on port 1.
    RIDERS_URL: "http://127.0.0.1:1",
    SERVICE_KEY_FILE: join(folder, "notifications", "service-key.json"),
  };
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
            ...(name === "notifications" ? riders : {}),
            ...loginAs(name),
          },
        }),
      ),
    ),
  );
  await using worker = await connectNats({
    servers: nats.url,
    ...createUserOptions("worker", { nkeyFile: loginAs("worker").NATS_NKEY_FILE }),
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
  const operator = { ...others, ...loginAs("operator") };
  const groups = await runFanfare(["groups"], operator);
  expect(groups.stdout).toMatch(
    /^revenue +trips\.completed,trips\.refunded +0 +0 +0 +0 +- +0 +- +yes$/m,
  );
  const letters = await runFanfare(["dead-letters", "list"], operator);
  expect(letters).toMatchObject({ status: 0, stdout: "No event is dead-lettered.\n" });
  const strange = await runFanfare(["groups"], { ...others, ...loginAs("revenue") });
  expect(strange.status).toBe(1);
});
