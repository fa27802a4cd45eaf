import { checkTopic, formatConsumerName } from "../wire/subject.ts";

/** An event of a group, whose failures are counted. */
export interface CountedEvent {
  readonly group: string;
  readonly topic: string;
  readonly sequence: number;
  /** When the event was stored, in milliseconds since the Unix epoch. */
  readonly storedAt: number;
}

/**
 * Returns the subject of an event's failures in one group. It contains the time of the event, because
 * a topic's stream that is deleted and created again begins at sequence 1. Throws `invalid_argument`.
 */
export function formatFailureSubject(prefix: string, event: CountedEvent): string {
  const { group, topic, sequence, storedAt } = event;
  const name = formatConsumerName(group);
  return `${prefix}._failures.${name}.${checkTopic(topic)}.${sequence}.${storedAt}`;
}

/** Returns the subject filter that matches the failures of all events of a group. */
export function formatFailureFilter(prefix: string, group: string): string {
  return `${prefix}._failures.${formatConsumerName(group)}.>`;
}

/** Returns the name of the stream of a group's failures, escaped as those of topics are. */
export function formatFailureStream(prefix: string, group: string): string {
  const name = `${prefix}._failures.${formatConsumerName(group)}`;
  return name.replaceAll("_", "__").replaceAll(".", "_");
}
