import type { ConsumerInfo, JetStreamManager } from "@nats-io/jetstream";
import type { ConsumerSnapshot } from "./compute-loss.ts";

/** Reads what the server reports of a consumer's stream, and adds it to what is known of the consumer. */
export async function readSnapshot(
  api: JetStreamManager,
  { stream_name, created, delivered }: ConsumerInfo,
): Promise<ConsumerSnapshot> {
  const { state } = await api.streams.info(stream_name);
  return {
    consumer: created,
    sequence: delivered.stream_seq,
    deliveries: delivered.consumer_seq,
    firstSequence: state.first_seq,
  };
}
