import type { Clients } from "./clients.ts";

/** Effects counts what each group made of a trip. */
export interface Effects {
  readonly revenue: number;
  readonly audit: number;
  readonly notifications: number;
}

export const noEffects: Effects = { revenue: 0, audit: 0, notifications: 0 };
export const oneEffect: Effects = { revenue: 1, audit: 1, notifications: 1 };

/** effectsOf asks each reactor for what it made of the trip. */
export async function readEffects(clients: Clients, tripId: string): Promise<Effects> {
  const [revenue, audited, receipts] = await Promise.all([
    clients.revenue.listRevenue({ tripId }),
    clients.audit.listEvents({ key: tripId }),
    clients.notifications.listReceipts({ tripId }),
  ]);
  return {
    revenue: revenue.entries.length,
    audit: audited.events.length,
    notifications: receipts.receipts.length,
  };
}
