// A process for the tests: its argument says how its life goes. It answers "open" once it is up.
import { loadConfig } from "../src/config/load-config.ts";
import { databaseVariables, serverVariables } from "../src/config/standard-variables.ts";
import { createLogger } from "../src/process/create-logger.ts";
import type { Resources } from "../src/process/resources.ts";
import { runUntilSignal } from "../src/process/run-until-signal.ts";

const forever = () => new Promise<never>(() => {});
const say = (text: string) => process.stdout.write(`${text}\n`);

const lives: Record<string, (resources: Resources) => Promise<void>> = {
  async "stops cleanly"(resources) {
    resources.defer(() => void say("closed first opened"));
    resources.defer(() => void say("closed last opened"));
    say("open");
  },
  async "never finishes opening"(resources) {
    resources.defer(() => void say("closed first opened"));
    say("open");
    await forever();
  },
  async "fails to start"(resources) {
    resources.defer(() => void say("closed first opened"));
    throw new Error("port 8080 is in use");
  },
  async "never finishes closing"(resources) {
    resources.defer(forever);
    say("open");
  },
  async "forgets a rejection"() {
    void Promise.reject(new Error("forgotten"));
    await forever();
  },
  async "loses its worker"(resources) {
    resources.defer(() => void say("closed first opened"));
    resources.watch("the worker", Promise.reject(new Error("lost")));
  },
};

const { logLevel } = loadConfig({
  name: "lifetimes",
  about: "Lives and ends.",
  variables: { ...serverVariables, ...databaseVariables },
});

const [life = "", timeoutMs = "10000"] = process.argv.slice(2);
runUntilSignal(lives[life] ?? forever, {
  logger: createLogger({ name: "lifetimes", level: logLevel }),
  timeoutMs: Number(timeoutMs),
});
