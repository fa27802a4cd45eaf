import type { Broker, GroupDeclaration, Lease, LeaseStream, NewRecord } from "@fanfare/bus";
import { createJetStreamBroker } from "../src/broker.ts";
import { openLink } from "../src/link.ts";
import { type NatsOptions, settingsOf } from "../src/settings.ts";

/** openBroker opens the JetStream broker as connectNats does, without the core above it. */
export function openBroker(options: NatsOptions): Broker & AsyncDisposable {
  const settings = settingsOf(options);
  const broker = createJetStreamBroker(openLink(options), settings);
  return Object.assign(broker, { [Symbol.asyncDispose]: () => broker.close() });
}

export function record(id: string, about: Partial<NewRecord> = {}): NewRecord {
  const data = new TextEncoder().encode(id);
  return { topic: "things.made", id, partition: 0, headers: { "ce-id": id }, data, ...about };
}

export function append(broker: Broker, id: string, timeoutMs = 10_000) {
  return broker.append(record(id), { timeoutMs, signal: undefined });
}

export function group(about: Partial<GroupDeclaration> = {}): GroupDeclaration {
  return {
    group: "readers",
    topics: ["things.made"],
    from: "now",
    leaseDurationMs: 10_000,
    ...about,
  };
}

export function idOf(lease: Lease): string {
  return lease.record.headers["ce-id"] ?? "";
}

export function disposable(stream: LeaseStream): LeaseStream & AsyncDisposable {
  return { ...stream, [Symbol.asyncDispose]: () => stream.close() };
}

/** Reader acknowledges whatever comes and notes it. */
export interface Reader extends AsyncDisposable {
  readonly ids: string[];
  readonly stream: LeaseStream;
}

/** read leases a group's records, `room` at a time, and acknowledges each as it comes. */
export async function read(broker: Broker, of: GroupDeclaration, room = 16): Promise<Reader> {
  const ids: string[] = [];
  const stream = await broker.lease(of, (lease) => {
    ids.push(idOf(lease));
    void lease.ack({ confirmed: false })?.catch(() => {});
    stream.request(1);
  });
  stream.request(room);
  return { ids, stream, [Symbol.asyncDispose]: () => stream.close() };
}
