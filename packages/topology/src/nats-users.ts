import { type AppName, appNames } from "./apps.ts";
import { type Group, groups, publishers } from "./events.ts";

/** A user of NATS, with an account of its own. */
export interface NatsUser {
  /** The name of the app, or "operator". */
  readonly name: AppName | "operator";
  /** The topics that it publishes. */
  readonly publishes?: readonly string[];
  /** The groups with which it consumes. */
  readonly groups?: readonly Group[];
  /** The groups that it inspects, and whose dead letters it replays and discards. */
  readonly operates?: readonly Group[];
}

/** The users of NATS: each app that publishes or consumes, and the operator. */
export const natsUsers: readonly NatsUser[] = [
  ...appNames.flatMap((name) => {
    const publishes = publishers[name] ?? [];
    const own = groups.filter(({ group }) => group === name);
    return publishes.length + own.length === 0 ? [] : [{ name, publishes, groups: own }];
  }),
  { name: "operator", operates: groups },
];
