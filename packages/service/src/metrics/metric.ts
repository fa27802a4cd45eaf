/** A Prometheus metric and its current values. */
export interface Metric {
  /** Such as `fleet_outbox_waiting`. The name of a counter ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}
