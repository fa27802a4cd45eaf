import { setTimeout as delay } from "node:timers/promises";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

/** The codes of a call whose connection was refused, or lost before the answer. */
const lost: ReadonlySet<Code> = new Set([Code.Unavailable, Code.Aborted]);

/**
 * Repeats a call without an answer until its deadline, as a rider's phone does: a kept connection may lead
 * to a container that is gone. Only for idempotent calls, as all calls of Fanfare are.
 */
export const repeatLostCalls: Interceptor = (next) => async (request) => {
  for (;;) {
    try {
      return await next(request);
    } catch (error) {
      if (request.signal.aborted || !lost.has(ConnectError.from(error).code)) throw error;
      await delay(250, undefined, { signal: request.signal });
    }
  }
};
