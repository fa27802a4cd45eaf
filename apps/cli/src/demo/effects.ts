import { AuditService } from "@fanfare/contracts/audit/v1/audit";
import { NotificationsService } from "@fanfare/contracts/notifications/v1/notifications";
import { PricingService } from "@fanfare/contracts/pricing/v1/pricing";
import { connectTo } from "../trips-client.ts";

/** Effects is how many effects of a trip each group has. */
export interface Effects {
  readonly pricing: number;
  readonly audit: number;
  readonly notifications: number;
}

export interface EffectsReader extends Disposable {
  /** Asks each reactor's own API what it has of a trip. */
  of(tripId: string, signal: AbortSignal): Promise<Effects>;
}

/** createEffectsReader asks the three reactors, at these addresses, as an operator. */
export function createEffectsReader(
  urls: Readonly<Record<keyof Effects, string>>,
  token: string,
): EffectsReader {
  const stack = new DisposableStack();
  const pricing = stack.use(connectTo(PricingService, { url: urls.pricing, token })).client;
  const audit = stack.use(connectTo(AuditService, { url: urls.audit, token })).client;
  const notifications = stack.use(
    connectTo(NotificationsService, { url: urls.notifications, token }),
  ).client;
  return {
    async of(tripId, signal) {
      const [revenue, events, receipts] = await Promise.all([
        pricing.listRevenue({ tripId }, { signal }),
        audit.listEvents({ key: tripId }, { signal }),
        notifications.listReceipts({ tripId }, { signal }),
      ]);
      return {
        pricing: revenue.entries.length,
        audit: events.events.length,
        notifications: receipts.receipts.length,
      };
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}
