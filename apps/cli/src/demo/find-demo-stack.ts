import { provisionTopics } from "@fanfare/bus-nats";
import { createDevKeys } from "@fanfare/dev-stack";
import { mapReactors, topics } from "@fanfare/topology";
import { CliError } from "../cli-error.ts";
import { getKeysFolder, readStack } from "../running-stack.ts";
import type { DemoStack } from "./demo.ts";

/** Which variable says where a part is, when it is not the stack of this checkout. */
const variables = {
  trips: "FANFARE_URL",
  ...mapReactors(({ name }) => `${name.toUpperCase()}_URL`),
  NATS: "NATS_URL",
};

/**
 * findDemoStack finds the stack that is running: each part where its variable says, else where the
 * stack of this checkout has it. Rejects when neither is there.
 */
export async function findDemoStack(env: NodeJS.ProcessEnv = process.env): Promise<DemoStack> {
  const stack = await readStack();
  const addressOf = (part: keyof typeof variables): string => {
    const address = env[variables[part]] ?? stack?.addresses[part];
    if (address !== undefined) return address;
    throw new CliError(
      `No stack is running: start one with "npm start", or say where it is in ${Object.values(variables).join(", ")}`,
    );
  };
  const natsUrl = addressOf("NATS");
  const urls = {
    trips: addressOf("trips"),
    ...mapReactors(({ name }) => addressOf(name)),
  };
  const planned = await provisionTopics({ servers: natsUrl }, { topics, dryRun: true });
  return {
    urls,
    natsUrl,
    keys: await createDevKeys(getKeysFolder()),
    streams: planned.map(({ stream }) => stream),
  };
}
