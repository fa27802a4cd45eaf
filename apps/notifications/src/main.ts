import { createAccess } from "@fanfare/access";
import { runReactor } from "@fanfare/reactor";
import { migrations } from "./migrations.ts";
import { react } from "./react.ts";
import { createLogSender } from "./receipt-sender.ts";
import { retained } from "./retention.ts";
import { createRoutes } from "./routes.ts";
import { startSending } from "./start-sending.ts";

runReactor({
  name: "notifications",
  about: "Writes and sends the receipt of each completed trip.",
  port: 8087,
  migrations,
  react,
  retained,
  routes: createRoutes,
  access: createAccess,
  start({ db, logger, resources }) {
    resources.use(startSending({ db, sender: createLogSender(logger), logger }));
  },
});
