// A process for the tests of runUntilSignal. Its first argument names its behaviour, the second is the
// timeout of its stop in milliseconds. It prints "open" once it is up.
import { loadConfig } from "../src/config/load-config.ts";
import { databaseVariables, serverVariables } from "../src/config/standard-variables.ts";
import { createLogger } from "../src/process/create-logger.ts";
import type { Resources } from "../src/process/resources.ts";
import { runUntilSignal } from "../src/process/run-until-signal.ts";

const forever = () => new Promise<never>(() => {});
const print = (text: string) => process.stdout.write(`${text}\n`);

const behaviours: Record<string, (resources: Resources) => Promise<void>> = {
  async "stops cleanly"(resources) {
    resources.defer(() => void print("closed first opened"));
    resources.defer(() => void print("closed last opened"));
    print("open");
  },
  async "never finishes opening"(resources) {
    resources.defer(() => void print("closed first opened"));
    print("open");
    await forever();
  },
  async "fails to start"(resources) {
    resources.defer(() => void print("closed first opened"));
    throw new Error("port 8080 is in use");
  },
  async "never finishes closing"(resources) {
    resources.defer(forever);
    print("open");
  },
  async "leaves a rejection unhandled"() {
    void Promise.reject(new Error("unhandled by the program"));
    await forever();
  },
  async "has a worker that fails"(resources) {
    resources.defer(() => void print("closed first opened"));
    resources.watch("the worker", Promise.reject(new Error("lost")));
  },
};

const { logLevel } = loadConfig({
  name: "sample",
  about: "Opens, runs and closes.",
  variables: { ...serverVariables, ...databaseVariables },
});

const [behaviour = "", timeoutMs = "10000"] = process.argv.slice(2);
runUntilSignal(behaviours[behaviour] ?? forever, {
  logger: createLogger({ name: "sample", level: logLevel }),
  timeoutMs: Number(timeoutMs),
});
