import { createAccess } from "@fanfare/access";
import { runReactor } from "@fanfare/reactor";
import { migrations } from "./migrations.ts";
import { react } from "./react.ts";
import { retained } from "./retention.ts";
import { createRoutes } from "./routes.ts";

runReactor({
  name: "audit",
  about: "Stores every event as readable JSON, in order.",
  port: 8086,
  migrations,
  react,
  retained,
  routes: createRoutes,
  access: createAccess,
});
