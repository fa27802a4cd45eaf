/** A failed attempt, and what the bus does with its event. */
export interface HandlerFailure {
  readonly group: string;
  readonly topic: string;
  readonly id: string;
  readonly attempt: number;
  readonly error: Error;
  /**
   * retry: the event is delivered again after its backoff. dead-letter: the event is in the group's dead
   * letters. pause: the subscription is paused until the handler's dependency is available.
   */
  readonly verdict: "retry" | "dead-letter" | "pause";
}
