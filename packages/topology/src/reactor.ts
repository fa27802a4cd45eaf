import type { DescService } from "@bufbuild/protobuf";
import type { CallOptions, Transport } from "@connectrpc/connect";

/** A reactor: a process with a database of its own, driven by events of the bus. */
export interface Reactor {
  /**
   * The name of its folder in `apps/`, its database and role, its user of NATS and its consumer
   * group. Lower-case letters.
   */
  readonly name: string;
  /** The port on which `npm start` and its `main.ts` listen unless told otherwise. */
  readonly port: number;
  /** The event services whose events its group receives, from the first event on. */
  readonly events: readonly DescService[];
  /**
   * Why more processes handle no more events, when that is so: one or two run then, and none are added
   * under load.
   */
  readonly serial?: string;
  /** Absent when the demo and the end-to-end tests count no effects of trips in it. */
  readonly effects?: ReactorEffects;
}

/** How the demo and the end-to-end tests count what a trip caused in a reactor. */
export interface ReactorEffects {
  /** Returns the number of effects of a trip, from the reactor's own API. The caller is an operator. */
  readonly count: CountEffects;
  /** The table of its database that has a row for each effect. */
  readonly table: string;
  /** The column of `table` that holds the trip ID. */
  readonly tripColumn: string;
}

/** A call of a reactor's API that resolves to the number of effects of a trip. */
export type CountEffects = (
  transport: Transport,
  tripId: string,
  options?: CallOptions,
) => Promise<number>;
