import type { Texts } from "./texts.ts";

/** The texts of receipts in English. */
export const english: Texts = {
  subject: (total) => `Receipt for your trip: ${total}`,
  correctedSubject: (total) => `Corrected receipt for your trip: ${total}`,
  title: (number) => `Receipt ${number}`,
  thanks: "Thank you for driving with Fanfare.",
  corrects: (first) => `This receipt corrects receipt ${first}.`,
  vehicle: "Vehicle",
  start: "Start",
  end: "End",
  timeZone: "Time zone",
  duration: "Duration",
  trip: "Trip",
  unlockFee: "Unlock fee",
  drive: "Drive",
  seconds: {
    one: ({ count, price }) => `Drive: ${count} started second at ${price}`,
    other: ({ count, price }) => `Drive: ${count} started seconds at ${price} each`,
  },
  minutes: {
    one: ({ count, price }) => `Drive: ${count} started minute at ${price}`,
    other: ({ count, price }) => `Drive: ${count} started minutes at ${price} each`,
  },
  hours: {
    one: ({ count, price }) => `Drive: ${count} started hour at ${price}`,
    other: ({ count, price }) => `Drive: ${count} started hours at ${price} each`,
  },
  periods: {
    one: ({ count, price, increment }) =>
      `Drive: ${count} started period of ${increment} at ${price}`,
    other: ({ count, price, increment }) =>
      `Drive: ${count} started periods of ${increment} at ${price} each`,
  },
  adjustment: "Adjustment",
  charged: "Charged for your trip",
  refund: (date) => `Refund of ${date}`,
  total: "Total",
  totalAfterRefunds: "Total after refunds",
};
