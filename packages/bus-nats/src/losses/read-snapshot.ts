import type { ConsumerInfo, JetStreamManager } from "@nats-io/jetstream";
import type { ConsumerSnapshot } from "./compute-loss.ts";

/** Reads what the server reports of a consumer's stream, and adds it to what is known of the consumer. */
export async function readSnapshot(
  api: JetStreamManager,
  { stream_name, created, delivered, num_pending }: ConsumerInfo,
): Promise<ConsumerSnapshot> {
  const { state, created: stream } = await api.streams.info(stream_name);
  return {
    stream,
    consumer: created,
    sequence: delivered.stream_seq,
    deliveries: delivered.consumer_seq,
    pending: num_pending,
    firstSequence: state.first_seq,
  };
}
