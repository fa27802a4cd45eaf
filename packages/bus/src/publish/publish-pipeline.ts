import type { Appended, Broker, NewRecord } from "../broker.ts";
import type { Publish, PublishCall } from "../interceptor.ts";
import type { PublishResult } from "./publish-result.ts";

/** The stages that each event of `publishAll` passes on its way to the broker. */
export interface PublishPipeline {
  readonly broker: Broker;
  /** The publish parts of the bus's interceptors, the outermost first. */
  readonly interceptors: readonly ((next: Publish) => Publish)[];
  /** Encodes a call as a record. Throws a `BusError`. */
  readonly encode: (call: PublishCall) => NewRecord;
  /** Counts a publish and returns it; what it rejects with becomes a `BusError`. */
  readonly track: (publishing: Promise<PublishResult>) => Promise<PublishResult>;
}

/** Creates the result of a publish from the broker's answer. */
export function createPublishResult({ id, topic }: NewRecord, appended: Appended): PublishResult {
  return { id, topic, ...appended };
}
