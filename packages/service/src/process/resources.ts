import { notify } from "./notify.ts";
import { withTimeout } from "./with-timeout.ts";

/** Something that a process opens at its start and closes at its end. */
export type Closable =
  | { close(options: { readonly timeoutMs: number }): Promise<unknown> | void }
  | { stop(options: { readonly timeoutMs: number }): Promise<unknown> | void }
  | AsyncDisposable
  | Disposable;

/** The resources of a process, closed in reverse order when it stops. */
export interface Resources {
  /** Aborts when the process begins to stop. */
  readonly signal: AbortSignal;
  /** Registers an open resource for closing, and returns it. */
  use<T extends Closable>(resource: T): T;
  /** Registers a function to call when the process stops. */
  defer(close: (options: { readonly timeoutMs: number }) => Promise<unknown> | void): void;
  /** Stops the process with status 1 when the work fails, or ends before the process stops. */
  watch(name: string, work: Promise<unknown>): void;
}

/** Resources together with the function that closes them. */
export interface ResourceStack {
  readonly resources: Resources;
  /** Closes everything in reverse order within `timeoutMs`, and returns the failures. */
  closeAll(options: { readonly timeoutMs: number }): Promise<Error[]>;
}

const lateTimeoutMs = 1000;

type Close = (options: { readonly timeoutMs: number }) => Promise<unknown> | void;

/** Creates an empty stack. Calls `onFailure` when watched work fails. */
export function createResourceStack(onFailure: (error: Error) => void): ResourceStack {
  const stop = new AbortController();
  const stack: Close[] = [];
  const resources: Resources = {
    signal: stop.signal,
    use(resource) {
      resources.defer((options) => closeResource(resource, options));
      return resource;
    },
    defer(close) {
      stack.push(close);
      if (stop.signal.aborted) void closeAll({ timeoutMs: lateTimeoutMs });
    },
    watch(name, work) {
      void waitForEnd(name, work).then(
        (error) => stop.signal.aborted || notify(onFailure, [error]),
      );
    },
  };
  async function closeAll({ timeoutMs }: { readonly timeoutMs: number }): Promise<Error[]> {
    stop.abort();
    const end = performance.now() + timeoutMs;
    const failures: Error[] = [];
    for (let close = stack.pop(); close !== undefined; close = stack.pop()) {
      // Reserves time for the resources that follow, and tolerates a close that overruns a little.
      const ms = Math.max(end - performance.now(), 0) * 0.8;
      try {
        const closing = Promise.resolve(close({ timeoutMs: ms * 0.9 }));
        if (!(await withTimeout(closing, ms))) {
          failures.push(new Error("a resource did not close in time"));
        }
      } catch (error) {
        failures.push(new Error("a resource failed to close", { cause: error }));
      }
    }
    return failures;
  }
  return { resources, closeAll };
}

async function waitForEnd(name: string, work: Promise<unknown>): Promise<Error> {
  try {
    await work;
    return new Error(`${name} ended unexpectedly`);
  } catch (error) {
    return new Error(`${name} failed`, { cause: error });
  }
}

async function closeResource(resource: Closable, options: { timeoutMs: number }): Promise<void> {
  if ("close" in resource) await resource.close(options);
  else if ("stop" in resource) await resource.stop(options);
  else if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
  else resource[Symbol.dispose]();
}
