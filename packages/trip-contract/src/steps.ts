/** The steps of a trip, in the order of its story. Each name is part of its call's idempotency-key. */
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
