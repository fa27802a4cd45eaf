import type { Readable } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ByteBudget } from "./byte-budget.ts";

/** The limits of a body. */
export interface BodyLimits {
  /** The time in which the body has to arrive, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether the body is one message: its pieces are joined, so that small ones hold no memory. */
  readonly isMessage: boolean;
  readonly budget: ByteBudget;
}

/** A body that is read. */
export interface RequestBody {
  /** Throws a ConnectError `deadline_exceeded` when the body does not arrive in time. */
  readonly chunks: AsyncGenerator<Uint8Array>;
  /** Stops reading. Resolves when another may read the rest. */
  release(): Promise<void>;
}

const joinedBytes = 16 * 1024;

/** Reads a body within its limits. Its bytes count in the budget until the budget is closed. */
export function readBody(request: Readable, limits: BodyLimits): RequestBody {
  const source: AsyncIterator<Uint8Array> = request.iterator({ destroyOnReturn: false });
  const read = readInTime(source, limits);
  const chunks = limits.isMessage ? joinChunks(read) : read;
  return {
    chunks,
    async release() {
      await chunks.return(undefined);
      await source.return?.();
    },
  };
}

async function* readInTime(
  source: AsyncIterator<Uint8Array>,
  { timeoutMs, budget }: BodyLimits,
): AsyncGenerator<Uint8Array> {
  let isLate = false;
  let expire: (() => void) | undefined;
  const timer = setTimeout(() => {
    isLate = true;
    expire?.();
  }, timeoutMs);
  try {
    while (true) {
      // A promise of its own for each piece: one for all would keep a reaction for each.
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        expire = () => reject(createLateError(timeoutMs));
        if (isLate) reject(createLateError(timeoutMs));
        else source.next().then(resolve, reject);
      });
      if (next.done === true) return;
      budget.take(next.value.byteLength);
      yield next.value;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Copies small pieces into larger ones. A piece of one byte holds a hundred bytes of memory. */
async function* joinChunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let joined = new Uint8Array(joinedBytes);
  let length = 0;
  for await (const chunk of chunks) {
    if (length + chunk.byteLength > joinedBytes) {
      if (length > 0) yield joined.subarray(0, length);
      joined = new Uint8Array(joinedBytes);
      length = 0;
    }
    if (chunk.byteLength > joinedBytes) yield chunk;
    else {
      joined.set(chunk, length);
      length += chunk.byteLength;
    }
  }
  if (length > 0) yield joined.slice(0, length);
}

function createLateError(timeoutMs: number): ConnectError {
  return new ConnectError(
    `the body did not arrive within ${timeoutMs} ms: send it faster, or send less`,
    Code.DeadlineExceeded,
  );
}
