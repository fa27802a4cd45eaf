// A reactor as its main.ts would start it.
import { inboxMigration } from "@fanfare/outbox";
import { defineRetentionVariable } from "@fanfare/service";
import { runReactor } from "../src/index.ts";
import { mileageMigration, react } from "./example-context.ts";

runReactor({
  name: "mileage",
  about: "Counts the trips of each vehicle.",
  port: 8088,
  migrations: { "0001-inbox": inboxMigration, "0002-mileage": mileageMigration },
  react,
  retained: [
    {
      table: "tracks",
      key: ["id"],
      since: "driven_at",
      retention: defineRetentionVariable("TRACK_RETENTION_DAYS", { about: "Tracks", days: 30 }),
    },
  ],
  start: ({ logger, resources }) => {
    logger.info("further work has started");
    resources.defer(() => logger.info("further work has stopped"));
  },
});
