/** The options of a publish. */
export interface PublishOptions {
  /**
   * Identifies the event. Retries with the same id store it once. Derive it from what happened, such as
   * `trip/<id>/completed`. Default: a random UUID, so that every call publishes another event.
   */
  readonly id?: string;
  /** Headers beside the envelope's own. Names may not begin with `ce-`, `nats-` or `fanfare-`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** When the event happened. Default: now. */
  readonly time?: Date;
  /** Rejects the publish with `aborted`. The event may be stored all the same. */
  readonly signal?: AbortSignal;
  /** How long to wait for the broker, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
}
