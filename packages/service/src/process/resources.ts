import { withTimeout } from "./with-timeout.ts";

/** Closable is something that is opened at the start of a process and closed at its end. */
export type Closable =
  | { close(options: { readonly timeoutMs: number }): Promise<unknown> | void }
  | { stop(options: { readonly timeoutMs: number }): Promise<unknown> | void }
  | AsyncDisposable
  | Disposable;

/** Resources are what a process holds. */
export interface Resources {
  /** signal aborts when the process begins to stop. */
  readonly signal: AbortSignal;
  /** use keeps what was opened, to be closed at the end, and returns it. */
  use<T extends Closable>(resource: T): T;
  /** defer keeps something to be done at the end. */
  defer(close: (options: { readonly timeoutMs: number }) => Promise<unknown> | void): void;
  /** watch ends the process with status 1 when the work fails, or ends before the process stops. */
  watch(name: string, work: Promise<unknown>): void;
}

/** ResourceStack is the side of Resources that closes them. */
export interface ResourceStack {
  readonly resources: Resources;
  /** closeAll closes in reverse order by a deadline; it resolves to what went wrong. */
  closeAll(options: { readonly timeoutMs: number }): Promise<Error[]>;
}

const lateTimeoutMs = 1000;

type Close = (options: { readonly timeoutMs: number }) => Promise<unknown> | void;

/** createResourceStack makes a stack; onFailure hears of watched work that fails. */
export function createResourceStack(onFailure: (error: Error) => void): ResourceStack {
  const stop = new AbortController();
  const stack: Close[] = [];
  const resources: Resources = {
    signal: stop.signal,
    use(resource) {
      resources.defer((options) => closeOf(resource, options));
      return resource;
    },
    defer(close) {
      stack.push(close);
      if (stop.signal.aborted) void closeAll({ timeoutMs: lateTimeoutMs });
    },
    watch(name, work) {
      void outcomeOf(name, work).then((error) => !stop.signal.aborted && onFailure(error));
    },
  };
  async function closeAll({ timeoutMs }: { readonly timeoutMs: number }): Promise<Error[]> {
    stop.abort();
    const end = performance.now() + timeoutMs;
    const failures: Error[] = [];
    for (let close = stack.pop(); close !== undefined; close = stack.pop()) {
      // Those that come later need some of the time too, and who has a deadline keeps it only nearly.
      const ms = Math.max(end - performance.now(), 0) * 0.8;
      try {
        const closing = Promise.resolve(close({ timeoutMs: ms * 0.9 }));
        if (!(await withTimeout(closing, ms))) failures.push(new Error("it did not close in time"));
      } catch (error) {
        failures.push(new Error("it could not be closed", { cause: error }));
      }
    }
    return failures;
  }
  return { resources, closeAll };
}

async function outcomeOf(name: string, work: Promise<unknown>): Promise<Error> {
  try {
    await work;
    return new Error(`${name} ended by itself`);
  } catch (error) {
    return new Error(`${name} failed`, { cause: error });
  }
}

async function closeOf(resource: Closable, options: { timeoutMs: number }): Promise<void> {
  if ("close" in resource) await resource.close(options);
  else if ("stop" in resource) await resource.stop(options);
  else if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
  else resource[Symbol.dispose]();
}
