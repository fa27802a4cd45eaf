import type { BusError } from "../error.ts";
import type { SubscriptionHealth } from "../health.ts";
import type { DeliveryContext } from "./delivery-context.ts";
import type { Binding } from "./event-router.ts";
import type { InFlightEvent } from "./in-flight-event.ts";
import type { SubscriptionSettings } from "./subscription-settings.ts";

/** What a pipeline is opened with. */
export interface DeliveryPipelineOptions {
  readonly group: string;
  readonly bindings: ReadonlyMap<string, Binding>;
  readonly settings: SubscriptionSettings;
}

/** The delivery of a group's events in this process. */
export interface DeliveryPipeline {
  readonly context: DeliveryContext;
  /** Why no events arrive, when the broker knows. */
  readonly pullError: Error | undefined;
  /** The events that are leased to this process and not settled. */
  readonly inFlight: Iterable<InFlightEvent>;
  countEvents(): Pick<SubscriptionHealth, "running" | "waiting" | "delayed">;
  /** Stops pulling, and releases the events that have not started. */
  drain(): Drain;
  /** Aborts the running handlers. */
  abort(reason: BusError): void;
  /** Stops extending leases: the broker delivers what is still in flight to another process. */
  abandon(): void;
}

/** The progress of draining a pipeline. */
export interface Drain {
  /** Resolves once no more events arrive. */
  readonly pulled: Promise<void>;
  /** Resolves once every event is settled and every handler has returned. */
  readonly emptied: Promise<void>;
}
