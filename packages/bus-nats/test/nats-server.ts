import { type Nats, startNats } from "@fanfare/dev-stack";

/** ownNats starts a server of the test's own, whatever the environment says. */
export function ownNats(config = "", syncInterval = "2m"): Promise<Nats> {
  const { NATS_URL: _, ...env } = process.env;
  return startNats({ env, config, syncInterval });
}
