import { type ApiAddress, resolveApiPrefix } from "../connection/resolve-api-prefix.ts";
import {
  formatDeadLetterFilter,
  formatDeadLetterStream,
} from "../dead-letters/dead-letter-subject.ts";
import { formatFailureFilter, formatFailureStream } from "../failures/failure-subject.ts";
import {
  checkPrefix,
  formatConsumerName,
  formatStreamName,
  formatTopicFilter,
} from "../wire/subject.ts";

/** The permissions of a NATS user, in the form of the server's configuration. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** What a NATS user is to do. */
export interface PermissionsOptions extends ApiAddress {
  /** The topics that the user publishes. */
  readonly publishes?: readonly string[];
  /** The groups whose events the user consumes. */
  readonly groups?: readonly { readonly group: string; readonly topics: readonly string[] }[];
  /**
   * The inbox prefix with which the user connects. Give each user its own: a user who may
   * subscribe to another's inbox sees the events that are delivered there. Default: "_INBOX".
   */
  readonly inboxPrefix?: string;
  /** The prefix with which the user connects. Default: "fanfare". */
  readonly prefix?: string;
}

/**
 * Returns the least permissions of a process with `provision: false`, whose streams and groups are
 * provisioned. Throws `invalid_argument`.
 *
 * @example
 * const permissions = planPermissions({
 *   groups: [{ group: "revenue", topics: ["trips.completed"] }],
 *   inboxPrefix: createInboxPrefix("revenue"),
 * });
 * console.log(`{ user: revenue, permissions: ${JSON.stringify(permissions)} }`);
 */
export function planPermissions(options: PermissionsOptions): Permissions {
  const { publishes = [], groups = [], inboxPrefix = "_INBOX" } = options;
  const prefix = checkPrefix(options.prefix ?? "fanfare");
  const api = resolveApiPrefix(options);
  const topics = new Set(groups.flatMap((group) => group.topics));
  const consumers = groups.flatMap(({ group, topics: own }) =>
    own.map((topic) => `${formatStreamName(prefix, topic)}.${formatConsumerName(group)}`),
  );
  return {
    publish: [
      ...publishes.map((topic) => formatTopicFilter(prefix, topic)),
      ...consumers.flatMap((consumer) => [
        `${api}.CONSUMER.INFO.${consumer}`,
        `${api}.CONSUMER.MSG.NEXT.${consumer}`,
        `$JS.ACK.${consumer}.>`,
      ]),
      // stats() reads the age of the oldest event and counts dead letters. Losses show in the first sequence.
      ...Array.from(topics, (topic) => `${api}.DIRECT.GET.${formatStreamName(prefix, topic)}`),
      ...Array.from(topics, (topic) => `${api}.STREAM.INFO.${formatStreamName(prefix, topic)}`),
      ...groups.flatMap(({ group }) => [
        formatFailureFilter(prefix, group),
        `${api}.DIRECT.GET.${formatFailureStream(prefix, group)}.${formatFailureFilter(prefix, group)}`,
        formatDeadLetterFilter(prefix, group),
        `${api}.STREAM.INFO.${formatDeadLetterStream(prefix, group)}`,
      ]),
    ],
    subscribe: [`${inboxPrefix}.>`],
  };
}
