import { type DescMessage, type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { event } from "@fanfare/bus/proto/fanfare/events/v1/options_pb.js";
import { FleetEvents } from "@fanfare/contracts/fleet/v1/fleet_events";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";

const eventServices: readonly DescService[] = [TripEvents, FleetEvents];

/** publishers are the apps that publish, and what. */
export const publishers: Readonly<Record<string, readonly string[]>> = {
  worker: listTopics(TripEvents),
  fleet: listTopics(FleetEvents),
};

/** groups are those of the reactors; each begins at the first event, as its process does. */
export const groups = [
  { group: "revenue", topics: listTopics(TripEvents), from: "start" },
  {
    group: "audit",
    topics: [...listTopics(TripEvents), ...listTopics(FleetEvents)],
    from: "start",
  },
  { group: "notifications", topics: listTopics(TripEvents), from: "start" },
] as const;

/** topics are all that are declared in proto. */
export const topics: readonly string[] = eventServices.flatMap(listTopics);

/** schemaOf is the message of a topic; undefined for a topic that is not declared here. */
export function findSchema(topic: string): DescMessage | undefined {
  const methods = eventServices.flatMap((service) => service.methods);
  return methods.find((method) => getOption(method, event).topic === topic)?.input;
}

function listTopics(service: DescService): string[] {
  return service.methods
    .filter((method) => hasOption(method, event))
    .map((method) => getOption(method, event).topic);
}
