// A group in its own process: consumes events with the bus, or with plain nats.js.
import { fromBinary } from "@bufbuild/protobuf";
import { NoteEvents, NoteSchema } from "@fanfare/bus/testing";
import { connectNats } from "@fanfare/bus-nats";
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { ReaderOrder, ReaderResult } from "./reader.ts";
import { stream } from "./subject.ts";

const order: ReaderOrder = JSON.parse(process.argv[2] ?? "{}");
const latencies: number[] = [];
const over = Promise.withResolvers<void>();
let count = 0;
let startedAt = 0;

function handled(sent: Uint8Array): void {
  count += 1;
  if (order.latency)
    latencies.push(now() - new DataView(Uint8Array.from(sent).buffer).getFloat64(0));
  if (count === order.warmUp) startedAt = performance.now();
  if (count === order.count) over.resolve();
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

process.once("disconnect", () => process.exit());

const maxMessages = order.concurrency * 2;
const close = order.kind === "bus" ? await openBus() : await openRaw();
if (order.limitMs !== undefined) setTimeout(over.resolve, order.limitMs);
await over.promise;
const elapsedMs = performance.now() - startedAt;
const result: ReaderResult = {
  elapsedMs,
  count,
  latencies: latencies.toSorted((a, b) => a - b),
  maxRssKb: process.resourceUsage().maxRSS,
};
process.send?.(result, () => void close().then(() => process.disconnect()));

/** Reports to the parent that this process is ready, and waits for the message to begin. */
async function ready(): Promise<void> {
  const begin = new Promise<void>((resolve) => process.once("message", () => resolve()));
  process.send?.("ready");
  await begin;
  startedAt = performance.now();
}

async function openBus(): Promise<() => Promise<unknown>> {
  const bus = await connectNats({ servers: order.url });
  const from = order.from;
  const options = { from, concurrency: order.concurrency, prefetch: order.concurrency };
  if (order.latency) {
    await bus.subscribe(order.group, bind, options);
    await ready();
  } else {
    await ready();
    await bus.subscribe(order.group, bind, options);
  }
  return () => bus.close();

  function bind(on: Parameters<Parameters<typeof bus.subscribe>[1]>[0]): void {
    on.service(NoteEvents, {
      noteRead: order.handleMs === undefined ? (note) => handled(note.body) : slowly,
    });
  }
  async function slowly(note: { body: Uint8Array }): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, order.handleMs));
    handled(note.body);
  }
}

async function openRaw(): Promise<() => Promise<unknown>> {
  const connection = await connect({ servers: order.url });
  const manager = await jetstreamManager(connection);
  const declare = () =>
    manager.consumers.add(stream, {
      durable_name: order.group,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: order.from === "start" ? DeliverPolicy.All : DeliverPolicy.New,
      max_ack_pending: 65_536,
    });
  const consume = async () => {
    const consumer = await jetstream(connection).consumers.get(stream, order.group);
    await consumer.consume({
      max_messages: maxMessages,
      callback(message) {
        const { body } = fromBinary(NoteSchema, message.data);
        message.ack();
        handled(body);
      },
    });
  };
  if (order.latency) {
    await declare();
    await consume();
    await ready();
  } else {
    await ready();
    await declare();
    await consume();
  }
  return () => connection.close();
}
