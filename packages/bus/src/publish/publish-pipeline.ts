import type { Appended, NewRecord } from "../broker.ts";
import type { Publish, PublishCall } from "../interceptor.ts";
import type { NewEvent } from "./create-event.ts";
import type { PublishResult } from "./publish-result.ts";
import type { Appender } from "./watch-appends.ts";

/** The stages that each event of `publishAll` passes on its way to the broker. */
export interface PublishPipeline {
  readonly broker: Appender;
  /**
   * Passes an event through the interceptors to `store`, which they may call several times. Never throws;
   * rejects with a `BusError`.
   */
  readonly send: (event: NewEvent, store: Publish) => Promise<PublishResult>;
  /** Encodes a call as a record. Throws a `BusError`. */
  readonly encode: (call: PublishCall) => NewRecord;
  /** Keeps the bus from closing until the promise is settled. Returns the promise. */
  readonly track: <T>(pending: Promise<T>) => Promise<T>;
}

/** Creates the result of a publish from the broker's answer. */
export function createPublishResult({ id, topic }: NewRecord, appended: Appended): PublishResult {
  return { id, topic, ...appended };
}
