import type { Lease } from "../broker.ts";
import { BusError } from "../error.ts";
import type { DeliveryContext } from "./delivery-context.ts";

/** Returns an event to a broker that leased it although nothing requested its topic. */
export function returnUnrequested(lease: Lease, { settings, status }: DeliveryContext): void {
  const { topic } = lease.record;
  status.recordError(
    new BusError("internal", `the broker leased an event of ${topic}, which nothing requested`),
  );
  lease.nak({ delayMs: settings.leaseDurationMs }).catch(status.recordError);
}
