import { inRounds, summarize } from "../compare.ts";
import { measureRate } from "../measure-rate.ts";
import type { Row } from "../report.ts";
import type { Lab } from "./lab.ts";
import { createId, createRawHeaders, encodeNote, subject, topic } from "./subject.ts";

const body = new Uint8Array(100);

/** Compares publishing with many events in flight, each with an id and headers. */
export async function measureWindowedPublish(lab: Lab): Promise<Row> {
  const pairs = await inRounds(5, {
    ours: () => measureRate(20_000, 1_000, (number) => publishOnBus(lab, number)),
    base: () => measureRate(20_000, 1_000, (number) => publishRaw(lab, number)),
  });
  const about = { name: "publish-windowed", target: 2.5, unit: "events/s" };
  return summarize({ ...about, kind: "rate" }, pairs);
}

/** Compares publishing one event after the other. */
export async function measureAwaitedPublish(lab: Lab): Promise<Row> {
  const pairs = await inRounds(7, {
    ours: () => measureRate(2_000, 1, (number) => publishOnBus(lab, number)),
    base: () => measureRate(2_000, 1, (number) => publishRaw(lab, number)),
  });
  const about = { name: "publish-awaited", target: 0.95, unit: "events/s" };
  return summarize({ ...about, kind: "rate" }, pairs);
}

/** Publishes a note on the bus. */
export function publishOnBus({ notes }: Lab, number: number, bytes = body): Promise<unknown> {
  return notes.noteRead({ author: "ada", number, body: bytes }, { id: createId() });
}

/** Publishes the same note with nats.js. */
export function publishRaw({ js }: Lab, number: number, bytes = body): Promise<unknown> {
  const id = createId();
  const options = { msgID: `${topic}/${id}`, headers: createRawHeaders(id) };
  return js.publish(subject, encodeNote(number, bytes), options);
}

/** Stores events as fast as the server accepts them. */
export async function preload(lab: Lab, count: number, bytes = body): Promise<void> {
  const data = encodeNote(1, bytes);
  for (let sent = 0; sent < count; ) {
    const batch = Math.min(5_000, count - sent);
    // The server answers the last one once all before it are stored.
    for (let i = 1; i < batch; i += 1) {
      lab.connection.publish(subject, data, { headers: createRawHeaders(createId()) });
    }
    await lab.js.publish(subject, data, { headers: createRawHeaders(createId()) });
    sent += batch;
  }
}
