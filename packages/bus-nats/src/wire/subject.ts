import { BusError } from "@fanfare/bus";
import { checkGroup } from "@fanfare/bus/kit";

const word = "[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*";
/** A stream has a name of at most 255 characters, of which the topic takes 200. */
const prefixLimit = 50;
const dottedWords = new RegExp(`^${word}(?:\\.${word})*$`);

/** Returns the subject of an event. Throws `invalid_argument`. */
export function formatEventSubject(prefix: string, topic: string, partition: number): string {
  return `${prefix}.${checkTopic(topic)}.${partition}`;
}

/** Returns the subject filter that matches the events of a topic, and nothing else. */
export function formatTopicFilter(prefix: string, topic: string): string {
  return `${prefix}.${checkTopic(topic)}.*`;
}

/**
 * Returns the subjects that the stream of a topic stores: all partitions, and events that are replayed
 * to single groups. No part of a topic begins with `_`, so they match no other topic.
 */
export function formatStreamSubjects(prefix: string, topic: string): [string, string] {
  return [formatTopicFilter(prefix, topic), `${prefix}.${topic}._replay.*`];
}

/** Returns the subjects of a topic's stream that one group receives: all events, and its own replays. */
export function formatGroupSubjects(
  prefix: string,
  topic: string,
  group: string,
): [string, string] {
  return [
    formatTopicFilter(prefix, topic),
    `${prefix}.${topic}._replay.${formatConsumerName(group)}`,
  ];
}

/** Returns the name of a topic's stream. Different topics have different streams. */
export function formatStreamName(prefix: string, topic: string): string {
  return `${prefix}.${checkTopic(topic)}`.replaceAll("_", "__").replaceAll(".", "_");
}

/** Returns the name of a group's durable consumers. Throws `invalid_argument`. */
export function formatConsumerName(group: string): string {
  return checkGroup(group);
}

/** Returns the prefix when it can begin a subject. Throws `invalid_argument` otherwise. */
export function checkPrefix(prefix: string): string {
  const { length } = prefix.replaceAll("_", "__");
  if (length <= prefixLimit) return checkDottedWords(prefix, "prefix");
  throw new BusError(
    "invalid_argument",
    `prefix "${prefix}": use at most ${prefixLimit} characters, where "_" counts twice`,
  );
}

/** Returns the topic when it can be part of a subject. Throws `invalid_argument` otherwise. */
export function checkTopic(topic: string): string {
  return checkDottedWords(topic, "topic");
}

function checkDottedWords(name: string, kind: string): string {
  if (dottedWords.test(name)) return name;
  throw new BusError(
    "invalid_argument",
    `${kind} "${name}": use letters and digits, joined by -, _ or .`,
  );
}
