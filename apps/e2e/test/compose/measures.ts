import { docker } from "./compose.ts";
import { readMemory } from "./containers.ts";
import { type Times, watchEvents } from "./watch-events.ts";

/** Measures are what the containers of a project take. */
export interface Measures extends Disposable {
  /** The most memory that each container was seen to have, in MiB, by its name. */
  readonly memory: ReadonlyMap<string, number>;
  /** Notes, again and again while something is done, how much memory each container has. */
  during<T>(done: () => Promise<T>): Promise<T>;
  /** A line for the image and one for each container: time to healthy, time to stop, most memory. */
  report(image: string): Promise<string>;
}

/** measure begins to measure a project's containers, those of this moment and those that come. */
export function startMeasuring(project: string): Measures {
  const times: Times = watchEvents(project);
  const memory = new Map<string, number>();

  async function noteUntil(over: AbortSignal): Promise<void> {
    do {
      for (const [name, now] of await readMemory(project)) {
        memory.set(name, Math.max(now, memory.get(name) ?? 0));
      }
    } while (!over.aborted);
  }

  return {
    memory,
    async during(done) {
      const over = new AbortController();
      const noted = noteUntil(over.signal);
      try {
        return await done();
      } finally {
        over.abort();
        await noted;
      }
    },
    async report(image) {
      const size = Number(await docker(["image", "inspect", "--format={{.Size}}", image])) / 1e6;
      const lines = [...memory.keys()]
        .toSorted((a, b) => a.localeCompare(b))
        .map((name) => {
          const cells = [times.toHealthy.get(name), times.toStop.get(name), memory.get(name)];
          const [healthy, stop, most] = cells.map((cell) => (cell?.toFixed(1) ?? "?").padStart(7));
          return `${name.padEnd(40)}${healthy} s to healthy${stop} s to stop${most} MiB at most`;
        });
      return [`The image has ${size.toFixed(0)} MB.`, ...lines, ""].join("\n");
    },
    [Symbol.dispose]: () => times[Symbol.dispose](),
  };
}
