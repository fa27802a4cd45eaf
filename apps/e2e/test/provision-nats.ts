import { createUserOptions, provisionGroups, provisionTopics } from "@fanfare/bus-nats";
import { locateSeed } from "@fanfare/nats-users";
import type { SecretsFolder } from "@fanfare/secrets";
import { groups, topics } from "@fanfare/topology";

/** Creates the streams and consumers of the apps, which may not create them. */
export async function provisionNats(url: string, secrets: SecretsFolder): Promise<void> {
  const nkeyFile = locateSeed(secrets, "provision");
  const nats = { servers: url, ...createUserOptions("provision", { nkeyFile }) };
  await provisionTopics(nats, { topics });
  await provisionGroups(nats, { groups });
}
