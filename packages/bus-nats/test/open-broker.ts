import type { Broker, GroupDeclaration, Lease, LeaseStream, NewRecord } from "@fanfare/bus";
import { createNatsBroker } from "../src/create-nats-broker.ts";
import type { NatsBrokerOptions } from "../src/nats-options.ts";

/** Opens a JetStream broker without the bus above it. */
export function openBroker(options: NatsBrokerOptions): Broker & AsyncDisposable {
  const broker = createNatsBroker(options);
  return Object.assign(broker, { [Symbol.asyncDispose]: () => broker.close() });
}

/** Creates a record of the topic "things.made" whose payload is its id. */
export function createRecord(id: string, fields: Partial<NewRecord> = {}): NewRecord {
  const data = new TextEncoder().encode(id);
  return { topic: "things.made", id, partition: 0, headers: { "ce-id": id }, data, ...fields };
}

/** Stores a record of the topic "things.made". */
export function append(broker: Broker, id: string, timeoutMs = 10_000) {
  return broker.append(createRecord(id), { timeoutMs, signal: undefined });
}

/** Creates the declaration of the group "readers" of the topic "things.made". */
export function createGroup(fields: Partial<GroupDeclaration> = {}): GroupDeclaration {
  return {
    group: "readers",
    topics: ["things.made"],
    from: "now",
    leaseDurationMs: 10_000,
    ...fields,
  };
}

/** Returns the id of a leased record; empty for a message that is no event. */
export function readId(lease: Lease): string {
  return lease.record.headers["ce-id"] ?? "";
}

/** Makes a lease stream disposable. */
export function disposable(stream: LeaseStream): LeaseStream & AsyncDisposable {
  return { ...stream, [Symbol.asyncDispose]: () => stream.close() };
}

/** Acknowledges all records of a group and lists their ids. */
export interface Reader extends AsyncDisposable {
  readonly ids: string[];
  readonly stream: LeaseStream;
}

/** Opens a reader of a group that requests `prefetch` records at a time. */
export async function openReader(
  broker: Broker,
  group: GroupDeclaration,
  prefetch = 16,
): Promise<Reader> {
  const ids: string[] = [];
  const stream = await broker.lease(group, (lease) => {
    ids.push(readId(lease));
    void lease.ack({ confirmed: false })?.catch(() => {});
    stream.request(1);
  });
  stream.request(prefetch);
  return { ids, stream, [Symbol.asyncDispose]: () => stream.close() };
}
