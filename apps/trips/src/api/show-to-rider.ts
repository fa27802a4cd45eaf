import type { Trip, TripStep } from "@fanfare/contracts/trips/v1/trips";

/** A URL, a host or an IP address with a port, or a name in a private domain. */
const addresses = [
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s,;)"']+/gi,
  /\[[0-9a-f:.]*:[0-9a-f:.]*\](:\d+)?/gi,
  /\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b/g,
  /\b[a-z0-9_][a-z0-9_.-]*:\d{2,5}\b/gi,
  /\b[a-z0-9-]+(\.[a-z0-9-]+)*\.(local|internal|svc|cluster|lan)\b(:\d+)?/gi,
  /\b(ENOTFOUND|EAI_AGAIN) \S+/g,
];

/** What a caller needs to be allowed to do a step: a matter between services. */
const accessErrors = /\b(requires the role|cannot be called by the)\b/;

/**
 * Returns a trip as its rider may see it: without the decisions of operators, and without the names of
 * hosts and roles that the error of a step may have.
 */
export function showTripToRider(trip: Trip): Trip {
  const { broadcast } = trip;
  return {
    ...trip,
    decision: "",
    reason: hideInternals(trip.reason),
    ...(broadcast === undefined
      ? {}
      : { broadcast: { ...broadcast, error: hideInternals(broadcast.error) } }),
  };
}

/** Returns a step as the rider of its trip may see it. */
export function showStepToRider(step: TripStep): TripStep {
  return { ...step, lastError: hideInternals(step.lastError) };
}

/** Removes the names of hosts and roles from the text of an error. */
export function hideInternals(text: string): string {
  if (accessErrors.test(text)) return "a service refused the step";
  return addresses.reduce((shown, address) => shown.replaceAll(address, "a service"), text);
}
