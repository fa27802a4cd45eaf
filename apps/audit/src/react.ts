import { type Message, toJsonString } from "@bufbuild/protobuf";
import type { Binder, Delivery, EventMethod } from "@fanfare/bus";
import { type InboxHandler, type InboxOptions, inbox } from "@fanfare/bus-sql";
import { FleetEvents } from "@fanfare/contracts/fleet/v1/fleet_events";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import type { Kysely } from "kysely";
import { appendEvent } from "./store.ts";
import type { AuditDatabase } from "./tables.ts";

/** react writes every event of every event service into the log. */
export function react(db: Kysely<AuditDatabase>, options: InboxOptions = {}): (on: Binder) => void {
  return (on) => on.all([TripEvents, FleetEvents], (...event) => log(db, event, options));
}

/** log writes any event down, readable: its message in protobuf's JSON, zeros included. */
async function log(
  db: Kysely<AuditDatabase>,
  [event, around, { input }]: readonly [Message, Delivery, EventMethod],
  options: InboxOptions,
): Promise<void> {
  const write: InboxHandler<Message, AuditDatabase> = async (message, tx, delivery) => {
    await appendEvent(tx, {
      eventId: delivery.id,
      topic: delivery.topic,
      key: delivery.key,
      type: input.typeName,
      source: delivery.source,
      time: delivery.time,
      json: toJsonString(input, message, { alwaysEmitImplicit: true }),
    });
  };
  await inbox(db, write, options)(event, around);
}
