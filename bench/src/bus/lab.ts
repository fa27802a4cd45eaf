import { createPublisher, type EventBus, type Publisher } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import { connectNats } from "@fanfare/bus-nats";
import { type Nats, startNats } from "@fanfare/dev-stack";
import { type JetStreamClient, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { stream } from "./subject.ts";

/** A server with a stream, and a bus and a raw connection to it in this process. */
export interface Lab extends AsyncDisposable {
  readonly nats: Nats;
  readonly bus: EventBus;
  readonly notes: Publisher<typeof NoteEvents>;
  readonly connection: NatsConnection;
  readonly js: JetStreamClient;
  /** Removes all events and groups. */
  clear(): Promise<void>;
}

/** Starts the server and connects to it. */
export async function openLab(): Promise<Lab> {
  const { NATS_URL: _, ...env } = process.env;
  const nats = await startNats({ env });
  const connection = await connect({ servers: nats.url });
  const manager = await jetstreamManager(connection);
  const bus = await connectNats({ servers: nats.url, source: "//bench" });
  const notes = createPublisher(NoteEvents, bus);
  await notes.noteRead({ author: "the stream" });
  return {
    nats,
    bus,
    notes,
    connection,
    js: jetstream(connection),
    async clear() {
      for await (const name of manager.consumers.list(stream)) {
        await manager.consumers.delete(stream, name.name);
      }
      await manager.streams.purge(stream);
    },
    async [Symbol.asyncDispose]() {
      await bus.close();
      await connection.close();
      await nats.stop();
    },
  };
}
