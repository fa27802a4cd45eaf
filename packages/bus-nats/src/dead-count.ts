import type { DeadLetterCount } from "@fanfare/bus";
import type { JetStreamManager } from "@nats-io/jetstream";

/** noneYet is what a group has before its first dead letter. */
export const noneYet: DeadLetterCount = { count: 0, oldestAt: undefined };

/** countDead asks a stream of dead letters how many it holds. */
export async function countDead(api: JetStreamManager, stream: string): Promise<DeadLetterCount> {
  const { state } = await api.streams.info(stream);
  return state.messages === 0
    ? noneYet
    : { count: state.messages, oldestAt: Date.parse(state.first_ts) };
}
