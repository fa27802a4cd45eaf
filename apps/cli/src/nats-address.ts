import { Failure } from "./failure.ts";
import { readStack } from "./running-stack.ts";

/** natsAddress is the server at NATS_URL, or else the running stack's. */
export async function natsAddress(env: NodeJS.ProcessEnv): Promise<string> {
  const address = env.NATS_URL || (await readStack())?.environments.pricing?.NATS_URL;
  if (address) return address;
  throw new Failure("Name the server in NATS_URL, or start a stack with npm start");
}
