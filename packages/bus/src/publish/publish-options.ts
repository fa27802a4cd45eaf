/** The options of a publish. */
export interface PublishOptions {
  /**
   * Identifies the event. Retries with the same id store it once. Derive it from what happened, such as
   * `trip/<id>/completed`: 1 to 256 characters, without control characters, and without spaces at its
   * ends. Default: a random UUID, so that every call publishes another event.
   */
  readonly id?: string;
  /**
   * CloudEvents attributes beside those that every event has: `subject`, `dataschema`, and extensions of
   * your own. Names are lower-case letters and digits; values are not empty.
   */
  readonly attributes?: Readonly<Record<string, string>>;
  /**
   * Headers beside the envelope's own: at most 60,000 bytes with them, encoded. Names may not begin with
   * `ce-`, `nats-` or `fanfare-`.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** When the event happened, in the years 1 to 9999. Default: now. */
  readonly time?: Date;
  /** Rejects the publish with `aborted`. The event may be stored all the same. */
  readonly signal?: AbortSignal;
  /** How long to wait for the broker, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
}
