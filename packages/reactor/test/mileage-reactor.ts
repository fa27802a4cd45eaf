// A reactor as its main.ts would start it.
import { inboxMigration } from "@fanfare/outbox";
import { runReactor } from "../src/index.ts";
import { mileageMigration, react } from "./example-context.ts";

runReactor({
  name: "mileage",
  about: "Counts the trips of each vehicle.",
  port: 8088,
  migrations: { "0001-inbox": inboxMigration, "0002-mileage": mileageMigration },
  react,
  start: ({ logger, resources }) => {
    logger.info("further work has started");
    resources.defer(() => logger.info("further work has stopped"));
  },
});
