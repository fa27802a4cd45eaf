import { launchTariff, type Tariff } from "@fanfare/trip-contract";

/** Creates a tariff with a short drive, and by default without a grace. */
export function createShortTariff(fields: Partial<Tariff>): Tariff {
  return { ...launchTariff, id: "short", graceMs: 0, ...fields };
}
