import { searchAttributes } from "@fanfare/trip-contract";

/** searchAttributeTypes are what Temporal has to know of trips before their workflows can run. */
export const searchAttributeTypes: Readonly<Record<string, "Keyword">> = Object.fromEntries(
  Object.values(searchAttributes).map((name) => [name, "Keyword" as const]),
);
