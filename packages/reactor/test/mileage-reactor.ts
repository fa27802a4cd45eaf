// A reactor as its main.ts would start it.
import { inboxMigration } from "@fanfare/outbox";
import { defineAddressVariable, defineRetentionVariable, loadConfig } from "@fanfare/service";
import { runReactor } from "../src/index.ts";
import { mileageMigration, react } from "./example-context.ts";

const name = "mileage";
const about = "Counts the trips of each vehicle.";
const variables = {
  mapsUrl: defineAddressVariable("MAPS_URL", "http://127.0.0.1:8090", "URL of maps."),
};

runReactor({
  name,
  about,
  port: 8088,
  variables,
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
    const { mapsUrl } = loadConfig({ name, about, variables });
    logger.info({ mapsUrl }, "further work has started");
    resources.defer(() => logger.info("further work has stopped"));
  },
});
