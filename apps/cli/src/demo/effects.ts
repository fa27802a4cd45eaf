import { AuditService } from "@fanfare/contracts/audit/v1/audit";
import { NotificationsService } from "@fanfare/contracts/notifications/v1/notifications";
import { RevenueService } from "@fanfare/contracts/revenue/v1/revenue";
import { connectTo } from "../trips-client.ts";

/** Effects is how many effects of a trip each group has. */
export interface Effects {
  readonly revenue: number;
  readonly audit: number;
  readonly notifications: number;
}

export interface EffectsReader extends Disposable {
  /** Asks each reactor's own API what it has of a trip. */
  count(tripId: string, signal: AbortSignal): Promise<Effects>;
}

/** createEffectsReader asks the three reactors, at these addresses, as an operator. */
export function createEffectsReader(
  urls: Readonly<Record<keyof Effects, string>>,
  token: string,
): EffectsReader {
  const stack = new DisposableStack();
  const revenue = stack.use(connectTo(RevenueService, { url: urls.revenue, token })).client;
  const audit = stack.use(connectTo(AuditService, { url: urls.audit, token })).client;
  const notifications = stack.use(
    connectTo(NotificationsService, { url: urls.notifications, token }),
  ).client;
  return {
    async count(tripId, signal) {
      const [{ entries }, { events }, { receipts }] = await Promise.all([
        revenue.listRevenue({ tripId }, { signal }),
        audit.listEvents({ key: tripId }, { signal }),
        notifications.listReceipts({ tripId }, { signal }),
      ]);
      return {
        revenue: entries.length,
        audit: events.length,
        notifications: receipts.length,
      };
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}
