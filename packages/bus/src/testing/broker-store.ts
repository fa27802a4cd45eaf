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
  /** Kills the server and starts it again on what it has stored; left out where there is no server. */
  readonly restart?: () => Promise<void>;
  /** Deletes, as an administrator would, what holds a group's place in a topic. */
  readonly deleteGroup?: (group: string, topic: string) => Promise<void>;
  /** Deletes what holds a topic's events, with all of them. */
  readonly deleteTopic?: (topic: string) => Promise<void>;
  /** Opens the broker of a process whose settings contradict what the store's topics have. */
  readonly openChanged?: () => Promise<Broker>;
}
