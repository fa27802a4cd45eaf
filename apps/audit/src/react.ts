import { type DescMessage, type Message, toJsonString } from "@bufbuild/protobuf";
import type { EventRouter } from "@fanfare/bus";
import { FleetEvents } from "@fanfare/contracts/fleet/v1/fleet_events";
import { RiderEvents } from "@fanfare/contracts/riders/v1/rider_events";
import { RefundEvents } from "@fanfare/contracts/trips/v1/refund_events";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import type { Inbox } from "@fanfare/reactor";
import { appendEvent } from "./store.ts";
import type { AuditDatabase } from "./tables.ts";

/** An event and the schema of its message. */
interface DescribedEvent {
  readonly event: Message;
  readonly schema: DescMessage;
}

/**
 * Returns the bindings that append every event of every event service to the log, once, as protobuf
 * JSON with all fields, those with default values included.
 */
export function react(inbox: Inbox<AuditDatabase>): (on: EventRouter) => void {
  const append = inbox<DescribedEvent>(async ({ event, schema }, tx, delivery) => {
    await appendEvent(tx, {
      eventId: delivery.id,
      topic: delivery.topic,
      key: delivery.key,
      type: schema.typeName,
      source: delivery.source,
      time: delivery.time,
      json: toJsonString(schema, event, { alwaysEmitImplicit: true }),
    });
  });
  return (on) =>
    on.all(
      [TripEvents, RefundEvents, FleetEvents, RiderEvents],
      (event, delivery, { input: schema }) => append({ event, schema }, delivery),
    );
}
