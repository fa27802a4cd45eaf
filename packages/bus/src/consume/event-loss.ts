/** Events that retention removed before a group had processed them. */
export interface EventLoss {
  readonly group: string;
  readonly topic: string;
  readonly count: number;
}
