import { createDeferred } from "../kit/deferred.ts";
import type { NewEvent } from "./create-event.ts";
import { type PublishOutcome, settleOutcome } from "./publish-outcome.ts";
import { createPublishResult, type PublishPipeline } from "./publish-pipeline.ts";

/** How many events may wait for the broker's answer at a time. */
const maxInFlight = 1_024;

/**
 * Passes events to the broker in their order, each as soon as its interceptors and the events before
 * it allow, and returns the outcome of each. A rejected event does not delay the others.
 */
export async function publishInOrder(
  { broker, encode, send, track }: PublishPipeline,
  events: readonly NewEvent[],
  timeoutMs: number,
): Promise<PublishOutcome[]> {
  const outcomes: Promise<PublishOutcome>[] = [];
  let before: Promise<void> = Promise.resolve();
  for (const event of events) {
    await outcomes.at(-maxInFlight);
    const turn = before;
    const appended = createDeferred<void>();
    before = appended.promise;
    const publishing = send(event, async (call) => {
      const record = encode(call);
      await turn;
      const { signal } = call.options;
      const appending = track(broker.append(record, { timeoutMs, signal }));
      appended.resolve();
      return createPublishResult(record, await appending);
    });
    // When an interceptor rejects the event or answers it, the next one still waits for the turn.
    void publishing
      .catch(() => {})
      .then(() => turn)
      .then(appended.resolve);
    outcomes.push(settleOutcome(publishing));
  }
  return await Promise.all(outcomes);
}
