import { createValidator } from "@bufbuild/protovalidate";
import type { EventBus } from "@fanfare/bus";
import { createValidation } from "@fanfare/bus/validate";
import { connectNats, createUserOptions } from "@fanfare/bus-nats";
import { readNatsCredentials, readNatsTls } from "@fanfare/service";
import type { ReactorConfig } from "./reactor-variables.ts";

/**
 * Opens the bus that the configuration names. The broker may come later: the bus connects in the
 * background and reconnects. It rejects events that break the rules of their schema.
 */
export async function openBus(config: ReactorConfig, name: string): Promise<EventBus> {
  return await connectNats({
    servers: config.natsUrl,
    domain: config.natsDomain,
    apiPrefix: config.natsApiPrefix,
    name,
    connectTimeoutMs: 1_000,
    ...createUserOptions(name, readNatsCredentials(config)),
    ...readNatsTls(config),
    interceptors: [createValidation(createValidator())],
  });
}
