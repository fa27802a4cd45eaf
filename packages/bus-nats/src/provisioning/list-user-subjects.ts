import { type ApiAddress, resolveApiPrefix } from "../connection/resolve-api-prefix.ts";
import {
  formatDeadLetterFilter,
  formatDeadLetterStream,
  formatReplaySubject,
} from "../dead-letters/dead-letter-subject.ts";
import { formatFailureFilter, formatFailureStream } from "../failures/failure-subject.ts";
import {
  checkPrefix,
  formatConsumerName,
  formatStreamName,
  formatTopicFilter,
} from "../wire/subject.ts";

/** A consumer group and its topics. */
export interface GroupTopics {
  readonly group: string;
  readonly topics: readonly string[];
}

/** What a NATS user is to do. */
export interface UserTasks {
  /** The topics that the user publishes. */
  readonly publishes?: readonly string[];
  /** The groups whose events the user consumes. */
  readonly groups?: readonly GroupTopics[];
  /** The groups whose state and dead letters the user reads, and whose dead letters it replays and discards. */
  readonly operates?: readonly GroupTopics[];
}

/** Where the subjects of a user are. */
interface UserPlace extends ApiAddress {
  readonly prefix?: string;
}

/** A subject that a user publishes to. */
export interface UserSubject {
  /** The subject, or a filter that matches it. */
  readonly subject: string;
  /** How many replies the server may send to one message. */
  readonly replies: "one" | "many";
}

/** Lists the subjects that a user publishes to, each once. Throws `invalid_argument`. */
export function listUserSubjects(options: UserTasks & UserPlace): readonly UserSubject[] {
  const { publishes = [], groups = [], operates = [] } = options;
  const prefix = checkPrefix(options.prefix ?? "fanfare");
  const api = resolveApiPrefix(options);
  const subjects = [
    ...publishes.map((topic) => formatTopicFilter(prefix, topic)),
    ...listConsumerSubjects(groups, { prefix, api }),
    ...listOperatorSubjects(operates, { prefix, api }),
  ];
  return Array.from(new Set(subjects), (subject) => {
    const isMany = [`${api}.CONSUMER.MSG.NEXT.`, `${api}.DIRECT.GET.`].some((start) =>
      subject.startsWith(start),
    );
    return { subject, replies: isMany ? "many" : "one" };
  });
}

interface Names {
  readonly prefix: string;
  readonly api: string;
}

function listConsumerSubjects(groups: readonly GroupTopics[], { prefix, api }: Names): string[] {
  const consumers = groups.flatMap(({ group, topics }) =>
    topics.map((topic) => `${formatStreamName(prefix, topic)}.${formatConsumerName(group)}`),
  );
  return [
    ...consumers.flatMap((consumer) => [
      `${api}.CONSUMER.INFO.${consumer}`,
      `${api}.CONSUMER.MSG.NEXT.${consumer}`,
      `$JS.ACK.${consumer}.>`,
    ]),
    ...listTopicReads(groups, { prefix, api }),
    ...groups.flatMap(({ group }) => [
      formatFailureFilter(prefix, group),
      `${api}.DIRECT.GET.${formatFailureStream(prefix, group)}.${formatFailureFilter(prefix, group)}`,
      formatDeadLetterFilter(prefix, group),
      `${api}.STREAM.INFO.${formatDeadLetterStream(prefix, group)}`,
    ]),
  ];
}

/** stats() reads the age of the oldest event and counts dead letters. Losses show in the first sequence. */
function listTopicReads(groups: readonly GroupTopics[], { prefix, api }: Names): string[] {
  const streams = groups.flatMap(({ topics }) =>
    topics.map((topic) => formatStreamName(prefix, topic)),
  );
  return streams.flatMap((stream) => [
    `${api}.DIRECT.GET.${stream}`,
    `${api}.STREAM.INFO.${stream}`,
  ]);
}

function listOperatorSubjects(groups: readonly GroupTopics[], names: Names): string[] {
  const { prefix, api } = names;
  if (groups.length === 0) return [];
  return [
    `${api}.STREAM.LIST`,
    ...listTopicReads(groups, names),
    ...groups.flatMap(({ group, topics }) => {
      const failures = `${formatFailureStream(prefix, group)}.${formatFailureFilter(prefix, group)}`;
      const deadLetters = formatDeadLetterStream(prefix, group);
      return [
        ...topics.flatMap((topic) => [
          `${api}.CONSUMER.LIST.${formatStreamName(prefix, topic)}`,
          formatReplaySubject(prefix, topic, group),
        ]),
        `${api}.DIRECT.GET.${failures}`,
        `${api}.DIRECT.GET.${deadLetters}`,
        `${api}.STREAM.INFO.${deadLetters}`,
        `${api}.STREAM.MSG.GET.${deadLetters}`,
        `${api}.STREAM.MSG.DELETE.${deadLetters}`,
      ];
    }),
  ];
}
