import { createAccess } from "@fanfare/access";
import { runReactor } from "@fanfare/reactor";
import { migrations } from "./migrations.ts";
import { react } from "./react.ts";
import { createRoutes } from "./routes.ts";

runReactor({
  name: "revenue",
  about: "Records the revenue of each trip, and sums it up by vehicle and day.",
  port: 8085,
  migrations,
  react,
  routes: createRoutes,
  access: createAccess,
});
