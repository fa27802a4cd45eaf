import { createBackoff, pause } from "@fanfare/bus/kit";

/** Calls `notify` after each notification of a channel, until it is closed. */
export type Listen = (channel: string, notify: () => void) => Listening;

/** A running LISTEN. */
export interface Listening {
  /** Ends the LISTEN and its connection. */
  close(): Promise<void>;
}

/** The part of a `Client` of the package pg that `listenWith` uses. */
export interface ListenClient {
  connect(): Promise<unknown>;
  query(text: string): Promise<unknown>;
  on(event: "notification" | "end", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  end(): Promise<void>;
}

const backoff = createBackoff({ initialIntervalMs: 100, maxIntervalMs: 5_000 });
const endTimeoutMs = 1_000;

/**
 * Creates a `Listen` with a connection of its own from `createClient`, which is replaced with backoff
 * when it is lost. It does not work through a pooler that shares connections between transactions, but
 * a relay polls, too.
 *
 * @example
 * import { Client } from "pg";
 *
 * const listen = listenWith(() => new Client({ connectionString }));
 * await using relay = startRelay(db, bus, { services: [NoteEvents], listen });
 */
export function listenWith(createClient: () => ListenClient): Listen {
  return (channel, notify) => {
    const closing = new AbortController();
    const { signal } = closing;
    const closed = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });

    /** Listens until the connection is lost, and returns whether it was established. */
    async function listenOnce(): Promise<boolean> {
      const client = createClient();
      const lost = Promise.withResolvers<void>();
      client.on("notification", notify);
      client.on("end", lost.resolve);
      client.on("error", () => lost.resolve());
      let listened = false;
      const listening = async () => {
        await client.connect();
        await client.query(`listen ${channel}`);
        listened = true;
        // Covers notifications from before the LISTEN.
        notify();
        await lost.promise;
      };
      try {
        await Promise.race([listening(), closed]);
      } catch {
        // Retried. Polling the same database reports the error.
      } finally {
        await Promise.race([client.end().catch(() => {}), unrefTimeout(endTimeoutMs)]);
      }
      return listened;
    }

    async function keepListening(): Promise<void> {
      let failures = 0;
      while (!signal.aborted) {
        failures = (await listenOnce()) ? 0 : failures + 1;
        await pause(backoff(failures + 1), signal);
      }
    }

    const running = keepListening();
    return {
      async close() {
        closing.abort();
        await running;
      },
    };
  };
}

/** Resolves after `ms`, without keeping the process alive. */
function unrefTimeout(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
