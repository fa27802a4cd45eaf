import { type DescMessage, type Message, toJsonString } from "@bufbuild/protobuf";
import type { EventRouter } from "@fanfare/bus";
import { FleetEvents } from "@fanfare/contracts/fleet/v1/fleet_events";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { type InboxHandler, type InboxOptions, inbox } from "@fanfare/outbox";
import type { Kysely } from "kysely";
import { appendEvent } from "./store.ts";
import type { AuditDatabase } from "./tables.ts";

/** Logged is an event with the type of its message. */
interface Logged {
  readonly event: Message;
  readonly input: DescMessage;
}

/** react writes every event of every event service into the log. */
export function react(
  db: Kysely<AuditDatabase>,
  options: InboxOptions = {},
): (on: EventRouter) => void {
  const write = inbox<Logged, AuditDatabase>(db, log, options);
  return (on) =>
    on.all([TripEvents, FleetEvents], (event, delivery, { input }) =>
      write({ event, input }, delivery),
    );
}

/** log writes any event down, readable: its message in protobuf's JSON, zeros included. */
const log: InboxHandler<Logged, AuditDatabase> = async ({ event, input }, tx, delivery) => {
  await appendEvent(tx, {
    eventId: delivery.id,
    topic: delivery.topic,
    key: delivery.key,
    type: input.typeName,
    source: delivery.source,
    time: delivery.time,
    json: toJsonString(input, event, { alwaysEmitImplicit: true }),
  });
};
