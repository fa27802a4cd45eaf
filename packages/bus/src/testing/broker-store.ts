import type { Broker } from "../broker.ts";

/**
 * BrokerStore is what a test runs on: an empty server, or an empty part of one, on which several
 * processes open their brokers. Disposing it ends what is left of them.
 */
export interface BrokerStore extends AsyncDisposable {
  /** Opens the broker of one process. */
  open(): Promise<Broker>;
  /** Moves the time of the store; left out where time moves by itself. */
  readonly advance?: (ms: number) => Promise<void>;
}
