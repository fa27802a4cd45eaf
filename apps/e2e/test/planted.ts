import { createPublisher, PermanentError } from "@fanfare/bus";
import { connectNats, createUserOptions } from "@fanfare/bus-nats";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { waitUntil } from "@fanfare/dev-stack";
import { locateSeed } from "@fanfare/nats-users";
import { openSecretsFolder } from "@fanfare/secrets";
import { completedTrip } from "@fanfare/test-fixtures";
import { Client } from "pg";
import type { Stack } from "./stack.ts";
import { type Rider, takeTrip } from "./trips.ts";

/** Takes a trip whose completion revenue dead-letters. */
export async function deadLetterTrip(stack: Stack, trip: Rider): Promise<void> {
  const revenue = stack.system.app("revenue");
  await revenue.kill();
  await using bus = await openBus(stack);
  const subscription = await bus.subscribe("revenue", (on) =>
    on.service(TripEvents, {
      tripCompleted() {
        throw new PermanentError("no such vehicle");
      },
    }),
  );
  await takeTrip(stack.clients, trip, "end");
  await waitUntil(() => subscription.health().deadLettered === 1, { what: "the dead letter" });
  await subscription.stop();
  await revenue.start();
}

/** Stores bytes in a table that no app has, in the database of fleet. */
export async function plantRow({ servers }: Stack, bytes: Uint8Array): Promise<void> {
  const url = new URL(servers.postgres.adminUrl);
  url.pathname = "/fleet";
  const client = new Client({ connectionString: url.href });
  await client.connect();
  await client.query("create table planted (bytes bytea)");
  await client.query("insert into planted values ($1)", [bytes]);
  await client.end();
}

/** Publishes the completion of a trip with a text in a header. */
export async function plantEvent(stack: Stack, text: string): Promise<void> {
  await using bus = await openBus(stack);
  const { tripCompleted } = createPublisher(TripEvents, bus);
  await tripCompleted(completedTrip(), { id: "planted", headers: { "x-note": text } });
}

async function openBus({ servers, secretsFolder }: Stack) {
  const nkeyFile = locateSeed(openSecretsFolder(secretsFolder), "provision");
  const user = createUserOptions("provision", { nkeyFile });
  return await connectNats({ servers: servers.nats.url, ...user });
}
