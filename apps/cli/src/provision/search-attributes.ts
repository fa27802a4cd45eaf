import { searchAttributes } from "@fanfare/trip-contract";

/** The types of the search attributes that must exist before a trip's workflow starts. */
export const searchAttributeTypes: Readonly<Record<string, "Keyword">> = Object.fromEntries(
  Object.values(searchAttributes).map((name) => [name, "Keyword" as const]),
);
