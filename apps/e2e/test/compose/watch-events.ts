import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";

const event = z.object({
  status: z.string(),
  timeNano: z.number(),
  Actor: z.object({ Attributes: z.record(z.string(), z.string()) }),
});

/** The times that the containers of a project took, in seconds, by container. */
export interface Times extends Disposable {
  /** From the start until the container is first healthy. */
  readonly toHealthy: ReadonlyMap<string, number>;
  /** From the signal until the exit. */
  readonly toStop: ReadonlyMap<string, number>;
}

/** Measures the containers of a project from the events of the engine, until it is disposed. */
export function watchEvents(project: string): Times {
  const kinds = ["start", "health_status", "kill", "die"];
  const child = spawn(
    "docker",
    [
      "events",
      `--filter=label=com.docker.compose.project=${project}`,
      ...kinds.map((kind) => `--filter=event=${kind}`),
      "--format={{json .}}",
    ],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  const started = new Map<string, number>();
  const signalled = new Map<string, number>();
  const toHealthy = new Map<string, number>();
  const toStop = new Map<string, number>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { status, timeNano: now, Actor } = event.parse(JSON.parse(line));
    const name = Actor.Attributes.name ?? "";
    if (status === "start") started.set(name, now);
    if (status === "kill" && !signalled.has(name)) signalled.set(name, now);
    if (status === "health_status: healthy" && !toHealthy.has(name)) {
      toHealthy.set(name, secondsSince(started, name, now));
    }
    if (status === "die") {
      toStop.set(name, secondsSince(signalled, name, now));
      signalled.delete(name);
    }
  });
  return { toHealthy, toStop, [Symbol.dispose]: () => void child.kill() };
}

function secondsSince(times: ReadonlyMap<string, number>, name: string, now: number): number {
  return (now - (times.get(name) ?? Number.NaN)) / 1e9;
}
