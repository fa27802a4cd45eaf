import { type DescMessage, type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { event } from "@fanfare/bus/proto/fanfare/events/v1/options_pb.js";
import { FleetEvents } from "@fanfare/contracts/fleet/v1/fleet_events";
import { RiderEvents } from "@fanfare/contracts/riders/v1/rider_events";
import { RefundEvents } from "@fanfare/contracts/trips/v1/refund_events";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { reactors } from "./reactors.ts";

const eventServices: readonly DescService[] = [TripEvents, RefundEvents, FleetEvents, RiderEvents];

/** A consumer group as it is provisioned. */
export interface Group {
  readonly group: string;
  readonly topics: readonly string[];
  readonly from: "start";
}

/** The topics that each publishing app may publish to, by the app's name. */
export const publishers: Readonly<Record<string, readonly string[]>> = {
  worker: [TripEvents, RefundEvents].flatMap(listTopics),
  fleet: listTopics(FleetEvents),
  riders: listTopics(RiderEvents),
};

/** The consumer group of each reactor. Each starts at the first event, as its process does. */
export const groups: readonly Group[] = reactors.map(({ name, events }) => ({
  group: name,
  topics: events.flatMap(listTopics),
  from: "start",
}));

/** All topics that the event services in proto declare. */
export const topics: readonly string[] = eventServices.flatMap(listTopics);

/** Returns the message type of a topic, and undefined for a topic that no event service declares. */
export function findEventSchema(topic: string): DescMessage | undefined {
  const methods = eventServices.flatMap((service) => service.methods);
  return methods.find((method) => getOption(method, event).topic === topic)?.input;
}

function listTopics(service: DescService): string[] {
  return service.methods
    .filter((method) => hasOption(method, event))
    .map((method) => getOption(method, event).topic);
}
