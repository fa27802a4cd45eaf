import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublisher } from "@fanfare/bus";
import { connectNats, provisionTopics } from "@fanfare/bus-nats";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import {
  type App,
  createDevKeys,
  reservePorts,
  startApp,
  startNats,
  startPostgres,
} from "@fanfare/dev-stack";
import { completedTrip } from "@fanfare/test-fixtures";
import { type ReactorName, reactorNames } from "@fanfare/topology";
import { expect, it } from "vitest";

const long = { timeout: 60_000 };

it("counts handled events and duplicates in the /metrics of each reactor", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "fanfare-metrics-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const keys = await createDevKeys(folder);
  const nats = stack.use(await startNats());
  const postgres = stack.use(await startPostgres());
  // The server is to forget the event's id soon, and to store it once more then.
  await provisionTopics(
    { servers: nats.url, streams: { dedupeWindowMs: 100 } },
    { topics: ["trips.completed"] },
  );
  const { ports } = await reservePorts(reactorNames.length);
  const start = async (name: ReactorName, index: number) =>
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
          // Nothing listens on port 1.
          RIDERS_URL: "http://127.0.0.1:1",
          SERVICE_TOKEN_FILE: keys.jwksFile,
        },
      }),
    );
  const apps = await Promise.all(reactorNames.map(start));
  const counts = (handled: number, duplicates: number) =>
    expect
      .poll(() => Promise.all(apps.map(readCounts)), long)
      .toEqual(reactorNames.map(() => ({ handled, duplicates })));

  const bus = stack.use(await connectNats({ servers: nats.url, name: "test" }));
  const trip = completedTrip();
  const publish = () =>
    createPublisher(TripEvents, bus).tripCompleted(trip, { id: "trip/1/completed" });
  await counts(0, 0);
  await publish();
  await counts(1, 0);
  await expect.poll(async () => (await publish()).duplicate, long).toBe(false);
  await counts(1, 1);
});

async function readCounts({ healthUrl }: App) {
  const text = await (await fetch(`${healthUrl}/metrics`)).text();
  const count = (name: string) =>
    Number(new RegExp(`^fanfare_inbox_${name}_total (\\d+)$`, "m").exec(text)?.[1]);
  return { handled: count("handled"), duplicates: count("duplicates") };
}
