export { completedTrip } from "./completed-trip.ts";
export { openTestDatabase, type TestDatabase } from "./open-test-database.ts";
