import { createPublisher, type Publisher } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import { connectNats } from "@fanfare/bus-nats";
import { type CertificateFiles, startNats } from "@fanfare/dev-stack";
import { measureRate } from "../measure-rate.ts";

/** A server with a stream, and a publisher of its events. */
export interface Bus extends AsyncDisposable {
  readonly notes: Publisher<typeof NoteEvents>;
}

const body = new Uint8Array(100);

/** Starts a server and connects to it. With certificates, over TLS that demands one of the client. */
export async function openBus(tls?: CertificateFiles): Promise<Bus> {
  const { NATS_URL: _, ...env } = process.env;
  const nats = await startNats({ env, tls });
  const bus = await connectNats({ servers: nats.url, source: "//bench", ...(tls && { tls }) });
  return {
    notes: createPublisher(NoteEvents, bus),
    async [Symbol.asyncDispose]() {
      await bus.close();
      await nats.stop();
    },
  };
}

/** Returns the events per second. */
export async function measurePublishes(
  { notes }: Bus,
  { total, inFlight }: { readonly total: number; readonly inFlight: number },
): Promise<number> {
  return await measureRate(total, inFlight, (number) =>
    notes.noteRead({ author: "ada", number, body }, { id: crypto.randomUUID() }),
  );
}
