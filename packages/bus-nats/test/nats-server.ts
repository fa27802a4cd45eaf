import { type Nats, startNats } from "@fanfare/dev-stack";

/** Starts a server for one test file, whatever NATS_URL is set to. */
export function startOwnNats(config = "", syncInterval = "2m"): Promise<Nats> {
  const { NATS_URL: _, ...env } = process.env;
  return startNats({ env, config, syncInterval });
}
