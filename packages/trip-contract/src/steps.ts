/** The steps of a trip, in their order. Each name is the last part of its call's idempotency key. */
export const steps = {
  acceptTrip: "accept-trip",
  reserveVehicle: "reserve-vehicle",
  openTab: "open-tab",
  chargeUnlockFee: "charge-unlock-fee",
  drive: "drive",
  completeDrive: "complete-drive",
  releaseVehicle: "release-vehicle",
  chargeFare: "charge-fare",
  capture: "capture",
  settle: "settle",
  publish: "publish",
} as const;

/**
 * The suffix of a compensation's activity id, `<step>:compensate`. The activity id of a step is its
 * name, so pending activities can be matched with the progress.
 */
export const compensationSuffix = ":compensate";
