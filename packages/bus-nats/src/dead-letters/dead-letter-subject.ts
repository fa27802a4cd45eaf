import { checkTopic, formatConsumerName, formatGroupSubjects } from "../wire/subject.ts";

/**
 * Returns the subject on which a group's dead letters of a topic are stored. No part of a topic begins
 * with `_`, so it is never the subject of an event. Throws `invalid_argument`.
 */
export function formatDeadLetterSubject(prefix: string, group: string, topic: string): string {
  return `${prefix}._dead.${formatConsumerName(group)}.${checkTopic(topic)}`;
}

/** Returns the subject filter that matches all dead letters of a group. */
export function formatDeadLetterFilter(prefix: string, group: string): string {
  return `${prefix}._dead.${formatConsumerName(group)}.>`;
}

/** Returns the name of the stream of a group's dead letters, escaped as those of topics are. */
export function formatDeadLetterStream(prefix: string, group: string): string {
  return `${prefix}._dead.${formatConsumerName(group)}`.replaceAll("_", "__").replaceAll(".", "_");
}

/** Returns the topic of a dead letter from its subject. */
export function parseDeadLetterTopic(prefix: string, group: string, subject: string): string {
  return subject.slice(`${prefix}._dead.${group}.`.length);
}

/** Returns the subject on which an event is published again for one group alone. */
export function formatReplaySubject(prefix: string, topic: string, group: string): string {
  return formatGroupSubjects(prefix, topic, group)[1];
}
