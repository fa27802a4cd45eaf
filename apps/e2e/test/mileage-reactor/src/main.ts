import { runReactor } from "@fanfare/reactor";
import { migrations } from "./migrations.ts";
import { react } from "./react.ts";

runReactor({
  name: "mileage",
  about: "Counts the trips of each vehicle.",
  port: 8088,
  migrations,
  react,
});
