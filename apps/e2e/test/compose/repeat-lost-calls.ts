import { setTimeout as delay } from "node:timers/promises";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

/** What a call ends with whose connection was refused, or lost before the answer. */
const lost: ReadonlySet<Code> = new Set([Code.Unavailable, Code.Aborted]);

/**
 * repeatLostCalls repeats a call that did not get through, by the call's deadline, as a rider's phone
 * does: a connection that was kept may lead to a container that is no more. It is for calls that may
 * be repeated, as all of Fanfare's may.
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
