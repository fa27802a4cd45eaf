// An in-flight event and the context of its delivery, on a memory broker whose time is moved by hand.
import { create } from "@bufbuild/protobuf";
import type { Broker, Lease } from "../src/broker.ts";
import { createDeliveryContext, type DeliveryContext } from "../src/consume/delivery-context.ts";
import type { EventHandler } from "../src/consume/event-handler.ts";
import { createInFlightEvent, type InFlightEvent } from "../src/consume/in-flight-event.ts";
import type { SubscribeOptions } from "../src/consume/subscribe-options.ts";
import { resolveSettings } from "../src/consume/subscription-settings.ts";
import { createSubscriptionStatus } from "../src/consume/subscription-status.ts";
import { NoteEvents, NoteSchema } from "../src/gen/fanfare/testing/v1/note_events_pb.ts";
import { createTimerSet } from "../src/kit/timer-set.ts";
import { createManualClock, type ManualClock } from "../src/memory/manual-clock.ts";
import { createMemoryBroker } from "../src/memory/memory-broker.ts";
import { createMemoryStore } from "../src/memory/memory-store.ts";
import { readTopic } from "../src/topic.ts";
import { encodeEvent } from "../src/wire/encode-event.ts";

const method = NoteEvents.method.noteWritten;
const topic = readTopic(method);

/** A delivery to test with. */
export interface TestDelivery {
  readonly event: InFlightEvent;
  readonly context: DeliveryContext;
  readonly clock: ManualClock;
  /** What was called on the lease, such as "nak 200". */
  readonly calls: string[];
}

/** What differs between test deliveries. */
export interface TestDeliveryOptions {
  readonly handler?: EventHandler;
  /** The failures that were recorded before. */
  readonly failures?: number;
  readonly deliveries?: number;
  readonly data?: Uint8Array;
  readonly subscribe?: SubscribeOptions;
  readonly change?: (broker: Broker) => Broker;
}

/** Creates the delivery of a note to the group "readers". */
export function createTestDelivery(options: TestDeliveryOptions = {}): TestDelivery {
  const {
    handler = () => {},
    failures = 0,
    deliveries = failures + 1,
    data,
    subscribe = {},
    change = (broker) => broker,
  } = options;
  const clock = createManualClock();
  const broker = change(createMemoryBroker({ store: createMemoryStore({ clock }) }));
  const calls: string[] = [];
  const note = create(NoteSchema, { author: "zoe" });
  const record = encodeEvent(topic, note, { source: "//tests", now: clock.now(), id: "one" });
  const lease: Lease = {
    record: { ...record, data: data ?? record.data, sequence: 1, storedAt: clock.now() },
    deliveries,
    readFailures: () => failures,
    recordFailures(count) {
      calls.push(`failures ${count}`);
      return undefined;
    },
    ack({ confirmed }) {
      calls.push(confirmed ? "ack confirmed" : "ack");
      return confirmed ? Promise.resolve() : undefined;
    },
    async nak({ delayMs }) {
      calls.push(`nak ${delayMs}`);
    },
    async extend() {
      calls.push("extend");
    },
  };
  const backoff = { initialIntervalMs: 200, jitter: 0 };
  const context = createDeliveryContext({
    broker,
    group: "readers",
    settings: resolveSettings({ backoff, ...subscribe }),
    status: createSubscriptionStatus(),
    heartbeats: createTimerSet(clock, 1_000, () => {}),
    timeouts: createTimerSet(clock, 1_000, () => {}),
  });
  const event = createInFlightEvent(lease, { binding: { topic, method, handler } });
  return { event, context, clock, calls };
}
