import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { TripSchema, TripsService } from "@fanfare/contracts/trips/v1/trips";
import { afterEach, describe, expect, it, vi } from "vitest";
import { watchTrip } from "./watch-trip.ts";

/** A server that sends two changes of five a stream, and then ends the stream with an error. */
function createServer(code: Code, { endless = false } = {}) {
  const starts: bigint[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(TripsService, {
      async *watchTrip({ afterVersion }) {
        starts.push(afterVersion);
        if (endless) throw new ConnectError("ended", code);
        for (let version = afterVersion + 1n; version <= 5n; version += 1n) {
          if (version > afterVersion + 2n) throw new ConnectError("ended", code);
          yield { trip: create(TripSchema, { version }) };
        }
      },
    });
  });
  return { client: createClient(TripsService, transport), starts };
}

async function readVersions(watching: AsyncIterable<{ version: bigint }>): Promise<bigint[]> {
  const versions: bigint[] = [];
  for await (const { version } of watching) versions.push(version);
  return versions;
}

afterEach(() => void vi.useRealTimers());

describe("watchTrip()", () => {
  it.each([Code.Unauthenticated, Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted])(
    "resumes after the last change when the stream ends with %s, and misses nothing",
    async (code) => {
      const { client, starts } = createServer(code);
      const versions = await readVersions(watchTrip(client, "trip", { pauseMs: 1 }));
      expect(versions).toEqual([1n, 2n, 3n, 4n, 5n]);
      expect(starts).toEqual([0n, 2n, 4n]);
    },
  );

  it("rejects when the first token is refused", async () => {
    const { client, starts } = createServer(Code.Unauthenticated, { endless: true });
    await expect(readVersions(watchTrip(client, "trip", { pauseMs: 1 }))).rejects.toThrow("ended");
    expect(starts).toHaveLength(1);
  });

  it("rejects when the trip cannot be watched, and after eight attempts without a change", async () => {
    const missing = createServer(Code.NotFound, { endless: true });
    await expect(readVersions(watchTrip(missing.client, "trip", { pauseMs: 1 }))).rejects.toThrow(
      "ended",
    );
    expect(missing.starts).toHaveLength(1);
    const away = createServer(Code.Unavailable, { endless: true });
    await expect(readVersions(watchTrip(away.client, "trip", { pauseMs: 1 }))).rejects.toThrow(
      "ended",
    );
    expect(away.starts).toHaveLength(8);
  });

  it("resumes a stream that is silent for three intervals of its heartbeats", async () => {
    vi.useFakeTimers();
    const starts: bigint[] = [];
    const signals: AbortSignal[] = [];
    const transport = createRouterTransport(({ service }) => {
      service(TripsService, {
        async *watchTrip({ afterVersion }, { signal }) {
          starts.push(afterVersion);
          signals.push(signal);
          if (afterVersion === 1n) {
            yield { trip: create(TripSchema, { version: 2n }) };
            return;
          }
          yield { trip: create(TripSchema, { version: 1n }) };
          for (let beat = 0; beat < 5; beat++) {
            await new Promise((resolve) => setTimeout(resolve, 1000));
            yield { heartbeat: { interval: durationFromMs(1000) } };
          }
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      });
    });
    const client = createClient(TripsService, transport);
    const versions = readVersions(watchTrip(client, "trip", { pauseMs: 1 }));
    await vi.advanceTimersByTimeAsync(7_900);
    expect(starts).toEqual([0n]);
    await vi.advanceTimersByTimeAsync(200);
    vi.useRealTimers();
    expect(await versions).toEqual([1n, 2n]);
    expect(starts).toEqual([0n, 1n]);
    expect(signals[0]?.aborted).toBe(true);
  });
});
