import { createValidator } from "@bufbuild/protovalidate";
import type { EventBus } from "@fanfare/bus";
import { createValidation } from "@fanfare/bus/validate";
import { connectNats, createUserOptions, defaultStreamSettings } from "@fanfare/bus-nats";
import { readNatsCredentials, readNatsTls } from "@fanfare/service";
import type { ReactorConfig } from "./reactor-variables.ts";

/** A bus, and how long its broker may redeliver an event. */
export interface OpenBus {
  readonly bus: EventBus;
  /** How long after it was published an event may be delivered for the last time, in milliseconds. */
  readonly maxRedeliveryMs: number;
}

/**
 * Opens the bus that the configuration names. The broker may come later: the bus connects in the
 * background and reconnects. It rejects events that break the rules of their schema.
 */
export async function openBus(config: ReactorConfig, name: string): Promise<OpenBus> {
  const bus = await connectNats({
    servers: config.natsUrl,
    domain: config.natsDomain,
    apiPrefix: config.natsApiPrefix,
    name,
    connectTimeoutMs: 1_000,
    ...createUserOptions(name, readNatsCredentials(config)),
    ...readNatsTls(config),
    interceptors: [createValidation(createValidator())],
  });
  return { bus, maxRedeliveryMs: defaultStreamSettings.maxAgeMs };
}
