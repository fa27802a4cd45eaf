/** One hand-over of an event to a handler: the envelope, and how this attempt ends. */
export interface Delivery {
  readonly group: string;
  readonly id: string;
  readonly topic: string;
  /** Undefined when the event has no key. */
  readonly key: string | undefined;
  /** Which attempt this is: the failures of the group's handlers, over all of its processes, and 1. */
  readonly attempt: number;
  /**
   * Whether the broker delivered the event to the group before: a process may have released it, failed, or
   * ended while it handled the event.
   */
  readonly redelivered: boolean;
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
