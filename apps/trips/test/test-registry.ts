import { openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { migrations } from "../src/registry/migrations.ts";
import { createTripRegistry } from "../src/registry/store.ts";
import type { TripsDatabase } from "../src/registry/tables.ts";
import type { TripRegistry } from "../src/registry/trip-registry.ts";

/** A registry in a database of its own. */
export interface TestRegistry extends TestDatabase<TripsDatabase> {
  readonly registry: TripRegistry;
}

/** Starts PostgreSQL and creates an empty registry. */
export async function openTestRegistry(): Promise<TestRegistry> {
  const opened = await openTestDatabase<TripsDatabase>({ name: "trips", migrations });
  return { ...opened, registry: createTripRegistry(opened.db) };
}
