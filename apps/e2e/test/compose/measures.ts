import { docker } from "./compose.ts";
import { readMemory } from "./containers.ts";
import { type Times, watchEvents } from "./watch-events.ts";

/** Measurements of the containers of a project. */
export interface Measures extends Disposable {
  /** The highest measured memory of each container by its name, in MiB. */
  readonly memory: ReadonlyMap<string, number>;
  /** Measures the memory of each container while `work` runs. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Formats the size of the image, and for each container the times to healthy and to stop and the memory. */
  report(image: string): Promise<string>;
}

/** Starts to measure the containers of a project, also those that are created later. */
export function startMeasuring(project: string): Measures {
  const times: Times = watchEvents(project);
  const memory = new Map<string, number>();

  async function measureUntil(over: AbortSignal): Promise<void> {
    do {
      for (const [name, now] of await readMemory(project)) {
        memory.set(name, Math.max(now, memory.get(name) ?? 0));
      }
    } while (!over.aborted);
  }

  return {
    memory,
    async during(work) {
      const over = new AbortController();
      const measured = measureUntil(over.signal);
      try {
        return await work();
      } finally {
        over.abort();
        await measured;
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
