/** One hand-over of an event to a handler: the envelope, and how this attempt ends. */
export interface Delivery {
  readonly group: string;
  readonly id: string;
  readonly topic: string;
  /** Undefined when the event has no key. */
  readonly key: string | undefined;
  /**
   * How often the group received this event, this time included. Brokers count deliveries, so a release
   * by another process adds one although nothing failed.
   */
  readonly attempt: number;
  /** When the event happened, as its publisher recorded it. */
  readonly time: Date;
  /** The publisher: CloudEvents' `source`. */
  readonly source: string;
  /**
   * The other attributes of CloudEvents, such as `subject`, `dataschema` and extensions; names without
   * `ce-`.
   */
  readonly attributes: Readonly<Record<string, string>>;
  /** The publisher's own headers; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Aborts at this attempt's timeout, and when the subscription has to stop. */
  readonly signal: AbortSignal;
}
