import { BusError } from "@fanfare/bus";
import type { EventRow } from "./insert-events.ts";

/** Throws `invalid_argument` for an event that a broker accepts and PostgreSQL cannot store. */
export function checkStorable({ id, key, headers, time }: EventRow): void {
  const texts = { id, key: key ?? "", ...headers };
  for (const [name, text] of Object.entries(texts)) {
    if (!text.includes("\0")) continue;
    throw new BusError(
      "invalid_argument",
      `the ${Object.hasOwn(headers, name) ? "header " : ""}${name} of event ${JSON.stringify(id)} contains a NUL character, which PostgreSQL cannot store: remove it`,
    );
  }
  const year = time.getUTCFullYear();
  if (year >= 1 && year <= 9_999) return;
  throw new BusError(
    "invalid_argument",
    `the time of event ${id} is in the year ${year}: use one from 1 to 9999`,
  );
}
