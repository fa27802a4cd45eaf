import { BusError } from "@fanfare/bus";
import type { JetStreamManager } from "@nats-io/jetstream";
import { headers, type Msg, type MsgHdrs } from "@nats-io/nats-core";
import { callJetStream } from "../connection/call-jetstream.ts";
import { isMissing } from "../connection/is-missing.ts";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import type { RequestMux } from "../connection/request-mux.ts";
import { hasNoResponders } from "../connection/to-bus-error.ts";
import { createDeadline, type Deadline } from "../deadline.ts";
import { parsePubAck } from "../publish/parse-pub-ack.ts";
import type { Settings } from "../settings.ts";
import { ensureFailureStream } from "./failure-stream.ts";
import { type CountedEvent, formatFailureStream, formatFailureSubject } from "./failure-subject.ts";
import { type ParsedRequest, requestUntil } from "./request-until.ts";

/** How long an empty count remains after its event is acknowledged. */
const emptyTtl = "60s";

/** The failures of one event, as one lease of it reads and records them. */
export interface FailureCount {
  /** Resolves to the recorded failures; to 0 without any. */
  read(): Promise<number>;
  /** Records the failures, unless another process has recorded any since this one has read or recorded. */
  record(failures: number): Promise<void>;
  /** Removes the count of an acknowledged event, if there is one. Does not wait; what is left expires. */
  remove(): void;
}

/** What a failure count requires. */
export interface FailureCountDeps {
  readonly connection: ManagedConnection;
  readonly requests: RequestMux;
  readonly settings: Settings;
  /** How long each operation may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** Creates the failure count of an event. Costs nothing until it is used. */
export function createFailureCount(deps: FailureCountDeps, event: CountedEvent): FailureCount {
  const { connection, settings, timeoutMs } = deps;
  const stream = formatFailureStream(settings.prefix, event.group);
  const subject = formatFailureSubject(settings.prefix, event);
  const about = `cannot count the failures of group ${event.group}`;
  /** The sequence of the event's message in the stream, as this process knows it; 0 without one. */
  let revision = 0;
  let last: Promise<unknown> = Promise.resolve();

  /** Runs one operation after the other. */
  const run = <T>(operation: (deadline: Deadline) => Promise<T>): Promise<T> => {
    const result = last.then(() => operation(createDeadline(timeoutMs)));
    last = result.catch(() => {});
    return result;
  };

  /**
   * Requests until the deadline. When nothing answers for the stream, it may be missing: a process that
   * may do so calls `onUnanswered`, which resolves to a result or, to request again, to undefined.
   */
  const request = async <T>(
    parsed: ParsedRequest<T>,
    deadline: Deadline,
    onUnanswered: (api: JetStreamManager) => Promise<T | undefined>,
  ): Promise<T | undefined> => {
    if (!settings.provision) return await requestUntil(deps, parsed, deadline);
    try {
      return await requestUntil(deps, { ...parsed, isOnce: true }, deadline);
    } catch (reason) {
      if (!hasNoResponders(reason)) throw reason;
    }
    const result = await callJetStream(connection, { about, deadline }, onUnanswered);
    return result ?? (await requestUntil(deps, parsed, deadline));
  };

  const get = async (deadline: Deadline): Promise<Entry> => {
    const message = {
      subject: `${connection.apiPrefix}.DIRECT.GET.${stream}.${subject}`,
      data: noData,
    };
    const found = await request({ message, parse: parseEntry }, deadline, async (api) =>
      (await isMissing(api, stream)) ? noEntry : undefined,
    );
    return found ?? noEntry;
  };

  const put = async (data: string, header: MsgHdrs, deadline: Deadline): Promise<void> => {
    header.set("Nats-Expected-Last-Subject-Sequence", `${revision}`);
    const message = { subject, data: new TextEncoder().encode(data), headers: header };
    const parse = (reply: Msg) => parsePubAck(reply, { stream, subject });
    const stored = await request({ message, parse }, deadline, async (api) => {
      await ensureFailureStream(api, settings, event.group);
      return undefined;
    });
    if (stored !== undefined) {
      revision = stored.sequence;
      return;
    }
    // Another process has recorded since, or the reply to an earlier copy of this message was lost.
    const entry = await get(deadline);
    if (entry.data === data) ({ revision } = entry);
  };

  return {
    read: () =>
      run(async (deadline) => {
        const entry = await get(deadline);
        ({ revision } = entry);
        const failures = Number(entry.data);
        return Number.isSafeInteger(failures) ? failures : 0;
      }),
    record: (failures) => run((deadline) => put(`${failures}`, headers(), deadline)),
    remove() {
      void run(async (deadline) => {
        if (revision === 0) return;
        const header = headers();
        header.set("Nats-TTL", emptyTtl);
        await put("", header, deadline);
      }).catch(() => {});
    },
  };
}

/** The message that has the failures of an event; `data` is empty once the event is acknowledged. */
interface Entry {
  readonly data: string;
  readonly revision: number;
}

const noEntry: Entry = { data: "", revision: 0 };
const noData = new Uint8Array();

function parseEntry({ headers: header, data }: Msg): Entry | BusError {
  const code = header?.code ?? 0;
  if (code === 404) return noEntry;
  if (code !== 0) {
    const message = `cannot read the failures of an event: status ${code} ${header?.description}`;
    return new BusError("unavailable", message);
  }
  const revision = Number(header?.get("Nats-Sequence") ?? 0);
  return { data: new TextDecoder().decode(data), revision };
}
