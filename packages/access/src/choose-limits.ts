import type { Access, CallerLimits } from "@fanfare/service";
import type { Role } from "./roles.ts";

/** Calls per second, by role, and by `address` for calls without a valid token. */
export type CallRates = Readonly<Record<string, number>>;

/** An app of a rider watches one trip, on a few devices. */
const defaults: Readonly<Record<Role | "address", CallerLimits>> = {
  rider: { callsPerSecond: 50, maxCalls: 50, maxStreams: 20 },
  operator: { callsPerSecond: 100, maxCalls: 100, maxStreams: 100 },
  service: { callsPerSecond: 5000, maxCalls: 2000, maxStreams: 1000 },
  address: { callsPerSecond: 20, maxCalls: 100, maxStreams: 10 },
};

/** Returns the limits of callers by their role, with the given rates. Throws for an unknown name. */
export function chooseLimits(
  rates: CallRates = {},
): Required<Pick<Access, "limits" | "anonymousLimits">> {
  const names = Object.keys(defaults);
  const unknown = Object.keys(rates).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(`CALL_RATES names "${unknown}": expected one of ${names.join(", ")}`);
  }
  const choose = (name: Role | "address"): CallerLimits => ({
    ...defaults[name],
    callsPerSecond: rates[name] ?? defaults[name].callsPerSecond,
  });
  const [rider, operator, service] = [choose("rider"), choose("operator"), choose("service")];
  const byRole: ReadonlyMap<string, CallerLimits> = new Map(
    Object.entries({ rider, operator, service }),
  );
  return { limits: ({ role }) => byRole.get(role) ?? rider, anonymousLimits: choose("address") };
}
