import { consumerName, groupSubjects, topicSubject } from "./subject.ts";

/**
 * deadSubject is where a group's dead letters of a topic are stored. No topic has a part that begins
 * with `_`, so it is no topic's.
 */
export function deadSubject(prefix: string, group: string, topic: string): string {
  // Checks the topic.
  topicSubject(prefix, topic, 0);
  return `${prefix}._dead.${consumerName(group)}.${topic}`;
}

/** deadFilter is all that the stream of a group's dead letters stores. */
export function deadFilter(prefix: string, group: string): string {
  return `${prefix}._dead.${consumerName(group)}.>`;
}

/** deadStream is the stream of a group's dead letters, named as the streams of topics are. */
export function deadStream(prefix: string, group: string): string {
  return `${prefix}._dead.${consumerName(group)}`.replaceAll("_", "__").replaceAll(".", "_");
}

/** topicOfDead is the topic of a dead letter's event. */
export function topicOfDead(prefix: string, group: string, subject: string): string {
  return subject.slice(`${prefix}._dead.${group}.`.length);
}

/** replaySubject is where an event of a topic is published again for one group alone. */
export function replaySubject(prefix: string, topic: string, group: string): string {
  return groupSubjects(prefix, topic, group)[1];
}
