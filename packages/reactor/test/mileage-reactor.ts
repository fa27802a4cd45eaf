// A reactor as its main.ts would start it.
import { runReactor } from "../src/index.ts";
import {
  addTrip,
  inbox,
  inboxMigration,
  type Kysely,
  type MileageDatabase,
  mileageMigration,
  TripEvents,
} from "./example-context.ts";

runReactor({
  name: "mileage",
  about: "Counts the trips of each vehicle.",
  port: 8088,
  migrations: { "0001-inbox": inboxMigration, "0002-mileage": mileageMigration },
  react: (db: Kysely<MileageDatabase>, options) => (on) => {
    on.service(TripEvents, {
      tripCompleted: inbox(db, (trip, tx) => addTrip(tx, trip.vehicleId), options),
    });
  },
  start: ({ logger, resources }) => {
    logger.info("further work has started");
    resources.defer(() => logger.info("further work has stopped"));
  },
});
