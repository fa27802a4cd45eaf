import { type Appended, type AppendOptions, BusError, type NewRecord } from "@fanfare/bus";
import { type ApiError, JetStreamApiError } from "@nats-io/jetstream";
import type { Msg } from "@nats-io/nats-core";
import { apiError, isPassing } from "./errors.ts";
import { encodeHeaders } from "./headers.ts";
import type { Link } from "./link.ts";
import { openPublishLine, type Parcel, type PublishLine } from "./publish-line.ts";
import type { Replies } from "./replies.ts";
import type { Settings } from "./settings.ts";
import type { Streams } from "./streams.ts";
import { streamName, topicSubject } from "./subject.ts";
import { abortedBy } from "./until.ts";
import { createWindow } from "./window.ts";

/** PublishDeps is what publishing stands on. */
export interface PublishDeps {
  readonly link: Link;
  readonly replies: Replies;
  readonly streams: Streams;
  readonly settings: Settings;
}

/** Outcome is how the promise of a publish settles. */
interface Outcome {
  resolve(appended: Appended): void;
  reject(error: BusError): void;
}

/**
 * createPublish returns the broker's `append`. Events of a topic are stored in the order of calls.
 * What may have got lost with the connection is sent again under the same id until its deadline, so
 * `duplicate` may also mean that its own first copy had arrived. A missing stream is made first,
 * where this process may.
 */
export function createPublish({ link, replies, streams, settings }: PublishDeps) {
  const lines = new Map<string, PublishLine>();
  let calls = 0;
  const window = createWindow<Parcel & { readonly line: PublishLine }>(
    { places: settings.maxInFlight, line: settings.maxWaiting },
    (parcel) => parcel.line.send(parcel),
  );

  const lineOf = (topic: string): PublishLine => {
    const known = lines.get(topic);
    if (known !== undefined) return known;
    const line = openPublishLine({
      link,
      ensure: async (until) => void (await streams.ensure(topic, until)),
    });
    lines.set(topic, line);
    return line;
  };

  const start = (record: NewRecord, options: AppendOptions, outcome: Outcome) => {
    const { topic } = record;
    const subject = topicSubject(settings.prefix, topic, record.partition);
    const stream = streamName(settings.prefix, topic);
    const headers = encodeHeaders(record.headers, `${topic}/${record.id}`);
    const deadlineAt = Date.now() + options.timeoutMs;
    const line = lineOf(topic);
    const leave = (stored: boolean) => {
      asked.withdraw();
      line.over(parcel, stored);
      window.leave(parcel);
    };
    const late = (error: BusError) => {
      const cause = parcel.failure ?? link.health().lastError;
      if (cause === undefined) return error;
      return new BusError("deadline_exceeded", `${error.message}: ${cause.message}`, { cause });
    };
    const fail = (error: BusError) => {
      if (isPassing(error) || error.code === "not_provisioned") line.lost(parcel, error);
      else parcel.reject(error);
    };
    const asked = replies.open({
      question: { subject, headers, data: record.data },
      until: { deadlineAt, signal: options.signal },
      answer(message) {
        const answer = readAnswer(message, stream, subject);
        if (answer instanceof BusError) return fail(answer);
        leave(true);
        outcome.resolve(answer);
      },
      fail,
    });
    const parcel: Parcel & { readonly line: PublishLine } = {
      number: (calls += 1),
      line,
      asked,
      deadlineAt,
      sent: false,
      failure: undefined,
      reject(error: BusError) {
        leave(false);
        outcome.reject(error.code === "deadline_exceeded" ? late(error) : error);
      },
    };
    window.enter(parcel);
  };

  return (record: NewRecord, options: AppendOptions): Promise<Appended> =>
    new Promise((resolve, reject) => {
      if (options.signal?.aborted === true) throw abortedBy(options.signal);
      start(record, options, { resolve, reject });
    });
}

/** Answer is what a stream says to a publish. */
interface Answer {
  readonly error?: ApiError;
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
}

function readAnswer(message: Msg, stream: string, subject: string): Appended | BusError {
  const answer = parse(message);
  if (answer?.error !== undefined) {
    return apiError(new JetStreamApiError(answer.error), `cannot publish to ${subject}`);
  }
  if (answer?.seq === undefined || answer.stream === undefined) {
    return new BusError("internal", `${subject} was answered by something else than a stream`);
  }
  if (answer.stream !== stream) {
    return new BusError(
      "drift",
      `${subject} is stored by stream ${answer.stream} instead of ${stream}: take the subject from it`,
    );
  }
  return { duplicate: answer.duplicate ?? false, sequence: answer.seq };
}

/** Whoever took the subject may have answered anything. */
function parse(message: Msg): Answer | undefined {
  try {
    return message.json<Answer>();
  } catch {
    return undefined;
  }
}
