import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublisher } from "@fanfare/bus";
import { connectNats } from "@fanfare/bus-nats";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import {
  type App,
  createDevKeys,
  findPgBouncer,
  mintToken,
  providePgBouncer,
  reservePorts,
  startApp,
  startNats,
  startPgBouncer,
  startPostgres,
} from "@fanfare/dev-stack";
import { completedTrip } from "@fanfare/test-fixtures";
import type { AppName } from "@fanfare/topology";
import { Client } from "pg";
import { describe, expect, it } from "vitest";

const program =
  process.env.FANFARE_PGBOUNCER === "long" ? await providePgBouncer() : await findPgBouncer();

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(text);
  await client.end();
  return rows;
}

const patience = { timeout: 60_000 };

describe.skipIf(program === undefined)("PgBouncer in transaction mode", () => {
  it("serves services, migrations, outbox, relay and inbox", { timeout: 120_000 }, async () => {
    if (program === undefined) return;
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "fanfare-pgbouncer-"));
    stack.defer(() => rm(folder, { recursive: true }));
    const keys = await createDevKeys(folder);
    const nats = stack.use(await startNats());
    const postgres = stack.use(await startPostgres());
    const databases = {
      fleet: await postgres.createDatabase("fleet"),
      revenue: await postgres.createDatabase("revenue"),
    };
    const pooler = stack.use(
      await startPgBouncer({ program, databaseUrls: Object.values(databases), poolSize: 4 }),
    );
    const { ports } = await reservePorts(4);
    const start = async (name: AppName, url: string, index: number): Promise<App> =>
      stack.use(
        await startApp({
          name,
          port: ports[index] ?? 0,
          logFile: join(folder, `${name}-${index}.log`),
          env: {
            AUTH_JWKS: keys.jwksFile,
            AUTH_ISSUER: keys.issuer,
            AUTH_AUDIENCE: keys.audience,
            DATABASE_URL: pooler.route(url),
            DATABASE_POOLER: "transaction",
            NATS_URL: nats.url,
          },
        }),
      );
    // Two processes of each, which migrate at the same time.
    const [fleet] = await Promise.all([
      start("fleet", databases.fleet, 0),
      start("fleet", databases.fleet, 1),
      start("revenue", databases.revenue, 2),
      start("revenue", databases.revenue, 3),
    ]);

    const token = await mintToken(keys, {
      role: "service",
      subject: "worker",
      audience: "fleet",
    });
    const reserve = async (vehicleId: string, tripId: string) => {
      const response = await fetch(`${fleet.url}/fleet.v1.FleetService/ReserveVehicle`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${token}`,
          "idempotency-key": `trip/${tripId}/reserve-vehicle`,
        },
        body: JSON.stringify({ vehicleId, tripId }),
      });
      return response.status;
    };
    const trips = Array.from({ length: 8 }, () => completedTrip());
    const reservations = trips.map((trip, index) => reserve(`vehicle-${index + 1}`, trip.tripId));
    expect(new Set(await Promise.all(reservations))).toEqual(new Set([200]));
    const waiting = () => fetch(`${fleet.healthUrl}/metrics`).then((response) => response.text());
    await expect.poll(waiting, patience).toContain("fanfare_outbox_waiting 0\n");

    const bus = stack.use(await connectNats({ servers: nats.url, name: "test" }));
    const { tripCompleted } = createPublisher(TripEvents, bus);
    await Promise.all(trips.map((trip) => tripCompleted(trip, { id: `trip/${trip.tripId}` })));
    const count = () => query(databases.revenue, "select count(*)::int from revenue");
    await expect.poll(count, patience).toEqual([{ count: trips.length }]);
    // No lock of a session is left on a connection that others use.
    for (const url of Object.values(databases)) {
      const locks = "select count(*)::int from pg_locks where locktype = 'advisory'";
      await expect.poll(() => query(url, locks), patience).toEqual([{ count: 0 }]);
    }
  });
});
