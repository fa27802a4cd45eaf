import { chain, type Publish, type PublishCall } from "../interceptor.ts";
import { createDeferred } from "../kit/deferred.ts";
import { type PublishOutcome, settleOutcome } from "./publish-outcome.ts";
import { createPublishResult, type PublishPipeline } from "./publish-pipeline.ts";

/** How many events may wait for the broker's answer at a time. */
const maxInFlight = 1_024;

/**
 * Passes events to the broker in their order, each as soon as its interceptors and the events before
 * it allow, and returns the outcome of each. A rejected event does not delay the others.
 */
export async function publishInOrder(
  { broker, interceptors, encode, track }: PublishPipeline,
  calls: readonly PublishCall[],
  timeoutMs: number,
): Promise<PublishOutcome[]> {
  const outcomes: Promise<PublishOutcome>[] = [];
  let before: Promise<void> = Promise.resolve();
  for (const call of calls) {
    await outcomes.at(-maxInFlight);
    const turn = before;
    const appended = createDeferred<void>();
    before = appended.promise;
    const publish = chain<Publish>(async (final) => {
      const record = encode(final);
      await turn;
      const { signal } = final.options;
      const appending = broker.append(record, { timeoutMs, signal });
      appended.resolve();
      return createPublishResult(record, await appending);
    }, interceptors);
    const publishing = publish(call);
    // When an interceptor rejects the event or answers it, the next one still waits for the turn.
    void publishing
      .catch(() => {})
      .then(() => turn)
      .then(appended.resolve);
    outcomes.push(settleOutcome(track(publishing)));
  }
  return await Promise.all(outcomes);
}
