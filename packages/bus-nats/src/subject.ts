import { BusError } from "@fanfare/bus";

const word = "[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*";
const words = new RegExp(`^${word}(?:\\.${word})*$`);
const oneWord = new RegExp(`^${word}$`);

/** topicSubject is where an event of a topic is published. Throws `invalid_argument`. */
export function topicSubject(prefix: string, topic: string, partition: number): string {
  return `${prefix}.${checkTopic(topic)}.${partition}`;
}

/** topicPattern is where all events of a topic are published, and nothing else. */
export function topicPattern(prefix: string, topic: string): string {
  return `${prefix}.${checkTopic(topic)}.*`;
}

/**
 * streamSubjects are the subjects that the stream of a topic stores: every partition, and what is
 * replayed to one group alone. No topic has a part that begins with `_`, so these are nobody else's.
 */
export function streamSubjects(prefix: string, topic: string): [string, string] {
  return [topicPattern(prefix, topic), `${prefix}.${topic}._replay.*`];
}

/** groupSubjects are the subjects of a topic's stream that one group takes. */
export function groupSubjects(prefix: string, topic: string, group: string): [string, string] {
  return [topicPattern(prefix, topic), `${prefix}.${topic}._replay.${consumerName(group)}`];
}

/** streamName is the stream of a topic: another one for each that has other subjects. */
export function streamName(prefix: string, topic: string): string {
  return `${prefix}.${checkTopic(topic)}`.replaceAll("_", "__").replaceAll(".", "_");
}

/** consumerName is the durable consumer of a group. Throws `invalid_argument`. */
export function consumerName(group: string): string {
  if (oneWord.test(group)) return group;
  throw new BusError(
    "invalid_argument",
    `group "${group}": use letters and digits, joined by - or _`,
  );
}

/** checkPrefix returns a prefix that can begin a subject; throws `invalid_argument` otherwise. */
export function checkPrefix(prefix: string): string {
  return checkWords(prefix, "prefix");
}

function checkTopic(topic: string): string {
  return checkWords(topic, "topic");
}

function checkWords(name: string, what: string): string {
  if (words.test(name)) return name;
  throw new BusError(
    "invalid_argument",
    `${what} "${name}": use letters and digits, joined by -, _ or .`,
  );
}
