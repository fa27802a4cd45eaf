import { setTimeout as sleep } from "node:timers/promises";

/** Listen calls `hear` whenever something may have been notified on the channel, until it is closed. */
export type Listen = (channel: string, hear: () => void) => Listening;

export interface Listening {
  close(): Promise<void>;
}

/** ListenClient is what is used of a `Client` of the package pg. */
export interface ListenClient {
  connect(): Promise<unknown>;
  query(text: string): Promise<unknown>;
  on(event: "notification" | "end", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  end(): Promise<void>;
}

const firstRestMs = 100;
const longestRestMs = 5_000;
const endMs = 1_000;

/**
 * listenWith listens on a connection of its own, made by `createClient` and made again, with
 * backoff, when it is lost. It does not work through a pooler that shares connections between
 * transactions; a relay polls as well.
 */
export function listenWith(createClient: () => ListenClient): Listen {
  return (channel, hear) => {
    const closing = new AbortController();
    const { signal } = closing;
    const closed = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });

    async function listenOnce(): Promise<boolean> {
      const client = createClient();
      const lost = Promise.withResolvers<void>();
      client.on("notification", hear);
      client.on("end", lost.resolve);
      client.on("error", () => lost.resolve());
      let listened = false;
      const listening = async () => {
        await client.connect();
        await client.query(`listen ${channel}`);
        listened = true;
        // What was notified while nobody listened.
        hear();
        await lost.promise;
      };
      try {
        await Promise.race([listening(), closed]);
      } catch {
        // Tried again; what it was shows where the same database is polled.
      } finally {
        await Promise.race([client.end().catch(() => {}), sleep(endMs, undefined, { ref: false })]);
      }
      return listened;
    }

    async function keepListening(): Promise<void> {
      let restMs = firstRestMs;
      while (!signal.aborted) {
        restMs = (await listenOnce()) ? firstRestMs : Math.min(longestRestMs, restMs * 2);
        if (!signal.aborted) await sleep(restMs, undefined, { signal }).catch(() => {});
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
