import { deadFilter, deadStream } from "./dead-subject.ts";
import { checkPrefix, consumerName, streamName, topicPattern } from "./subject.ts";

/** Permissions is what a user of NATS may do, as the server's configuration has it. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

export interface PermissionsOptions {
  /** The topics that this user publishes. */
  readonly publishes?: readonly string[];
  /** The groups whose events this user takes. */
  readonly groups?: readonly { readonly group: string; readonly topics: readonly string[] }[];
  /**
   * Where its answers come, as its `connectNats` is told. Give each user one of its own: who may
   * listen on another's sees the events that it takes. Default: "_INBOX".
   */
  readonly inboxPrefix?: string;
  /** Default: "fanfare". */
  readonly prefix?: string;
}

/**
 * planPermissions is the least that a process with `provision: false` needs, streams and groups having
 * been made ahead of time. Throws `invalid_argument`.
 */
export function planPermissions(options: PermissionsOptions): Permissions {
  const { publishes = [], groups = [], inboxPrefix = "_INBOX" } = options;
  const prefix = checkPrefix(options.prefix ?? "fanfare");
  const consumers = groups.flatMap(({ group, topics }) =>
    topics.map((topic) => `${streamName(prefix, topic)}.${consumerName(group)}`),
  );
  return {
    publish: [
      ...publishes.map((topic) => topicPattern(prefix, topic)),
      ...consumers.flatMap((consumer) => [
        `$JS.API.CONSUMER.INFO.${consumer}`,
        `$JS.API.CONSUMER.MSG.NEXT.${consumer}`,
        `$JS.ACK.${consumer}.>`,
      ]),
      // How old the oldest event is, and how many dead letters there are.
      ...new Set(
        groups.flatMap(({ topics }) =>
          topics.map((topic) => `$JS.API.DIRECT.GET.${streamName(prefix, topic)}`),
        ),
      ),
      ...groups.flatMap(({ group }) => [
        deadFilter(prefix, group),
        `$JS.API.STREAM.INFO.${deadStream(prefix, group)}`,
      ]),
    ],
    subscribe: [`${inboxPrefix}.>`],
  };
}
