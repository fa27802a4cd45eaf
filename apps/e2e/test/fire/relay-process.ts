// The process of the relay in the fire tests.
import { connectNats } from "@fanfare/bus-nats";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { startRelay } from "@fanfare/outbox";
import { connectFire } from "./fire-database.ts";

const { DATABASE_URL = "", NATS_URL = "" } = process.env;
const bus = await connectNats({ servers: NATS_URL, name: "relay", connectTimeoutMs: 1_000 });
startRelay(connectFire(DATABASE_URL), bus, { services: [TripEvents], batchSize: 50 });
