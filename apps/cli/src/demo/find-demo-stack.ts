import { createDevKeys } from "@fanfare/dev-stack";
import { mapReactors } from "@fanfare/topology";
import { CliError } from "../cli-error.ts";
import { readNatsOptions } from "../nats/nats-options.ts";
import { getKeysFolder, readStack } from "../stack/running-stack.ts";
import { readTls } from "../trip/read-tls.ts";
import type { DemoStack } from "./demo.ts";

/** The variables that override the addresses of this checkout's stack. */
const variables = {
  trips: "FANFARE_URL",
  riders: "RIDERS_URL",
  ...mapReactors(({ name }) => `${name.toUpperCase()}_URL`),
};

/**
 * Finds the running stack. Takes the address of each part from its variable, else from the stack of this
 * checkout. Rejects when a part has neither.
 */
export async function findDemoStack(env: NodeJS.ProcessEnv = process.env): Promise<DemoStack> {
  const stack = await readStack();
  const findAddress = (part: keyof typeof variables): string => {
    const address = env[variables[part]] ?? stack?.addresses[part];
    if (address !== undefined) return address;
    throw new CliError(
      `no stack is running: run npm start, or set ${[...Object.values(variables), "NATS_URL"].join(", ")}`,
    );
  };
  const urls = {
    trips: findAddress("trips"),
    riders: findAddress("riders"),
    ...mapReactors(({ name }) => findAddress(name)),
  };
  return {
    urls,
    nats: await readNatsOptions(env),
    tls: readTls(env) ?? stack?.tls,
    keys: await createDevKeys(getKeysFolder()),
  };
}
