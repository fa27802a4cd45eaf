import type { JetStreamManager } from "@nats-io/jetstream";
import { isNotFound, isUnanswered } from "../connection/is-not-found.ts";
import { readApiCode } from "../connection/to-bus-error.ts";
import { formatFailureStream } from "../failures/failure-subject.ts";
import type { GroupTopic } from "../groups/group-topic.ts";
import { checkTopic, formatConsumerName } from "../wire/subject.ts";
import type { LossCheckpoint } from "./compute-loss.ts";

/** A checkpoint as it is stored, in the stream of the group's failures. */
export interface LossRecord {
  readonly checkpoint: LossCheckpoint | undefined;
  /** The sequence of the message; 0 without one. */
  readonly revision: number;
}

/** Returns the subject of a checkpoint. No topic begins with `_`, so it is never that of a failure. */
function formatLossSubject({ prefix, group, topic }: GroupTopic): string {
  return `${prefix}._failures.${formatConsumerName(group)}._lost.${checkTopic(topic)}`;
}

/** Reads the checkpoint of a group on one topic. */
export async function readLossRecord(
  api: JetStreamManager,
  about: GroupTopic,
): Promise<LossRecord> {
  const stream = formatFailureStream(about.prefix, about.group);
  try {
    const query = { last_by_subj: formatLossSubject(about) };
    const message = await api.direct.getMessage(stream, query);
    if (message === null) return { checkpoint: undefined, revision: 0 };
    return { checkpoint: message.json<LossCheckpoint>(), revision: message.seq };
  } catch (reason) {
    if (isNotFound(reason) || isUnanswered(reason)) return { checkpoint: undefined, revision: 0 };
    throw reason;
  }
}

const wrongLastSequence: ReadonlySet<number> = new Set([10071, 10164]);

/**
 * Stores a checkpoint in place of the one with that revision. Resolves to its own revision; to undefined
 * when another process has stored one meanwhile.
 */
export async function writeLossRecord(
  api: JetStreamManager,
  about: GroupTopic,
  { checkpoint, revision }: LossRecord,
): Promise<number | undefined> {
  try {
    const expect = { lastSubjectSequence: revision };
    const data = JSON.stringify(checkpoint);
    return (await api.jetstream().publish(formatLossSubject(about), data, { expect })).seq;
  } catch (reason) {
    if (wrongLastSequence.has(readApiCode(reason) ?? 0)) return undefined;
    throw reason;
  }
}
