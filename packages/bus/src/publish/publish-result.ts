/** The place of an event that the broker has stored. */
export interface PublishResult {
  readonly id: string;
  readonly topic: string;
  /** True when this id was stored before: this publish stored nothing. */
  readonly duplicate: boolean;
  /** The event's position in its topic. Grows, with gaps. */
  readonly sequence: number;
}
