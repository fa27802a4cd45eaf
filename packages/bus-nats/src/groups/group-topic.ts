/** A group on one topic. */
export interface GroupTopic {
  readonly prefix: string;
  readonly topic: string;
  readonly group: string;
}
