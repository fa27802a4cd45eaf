// The process of the relay in the fire tests.
import { connectNats } from "@fanfare/bus-nats";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { listenWith, startRelay } from "@fanfare/outbox";
import { Client } from "pg";
import { connectFire } from "./fire-database.ts";

const { DATABASE_URL = "", NATS_URL = "" } = process.env;
const bus = await connectNats({ servers: NATS_URL, name: "relay", connectTimeoutMs: 1_000 });
const listen = listenWith(() => new Client({ connectionString: DATABASE_URL }));
startRelay(connectFire(DATABASE_URL), bus, { services: [TripEvents], listen, batchSize: 50 });
