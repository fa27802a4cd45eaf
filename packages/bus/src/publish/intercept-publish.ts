import { chain, type Interceptor, type Publish } from "../interceptor.ts";
import type { NewEvent } from "./create-event.ts";
import type { PublishOptions } from "./publish-options.ts";
import type { PublishResult } from "./publish-result.ts";

/** Passes an event through the interceptors of a bus to `store`. Never throws: it rejects. */
export type InterceptPublish = (
  event: NewEvent & { readonly options?: PublishOptions },
  store: Publish,
) => Promise<PublishResult>;

/** Returns the `publish` parts of interceptors, the first outermost. */
export function readPublishParts(
  interceptors: readonly Interceptor[],
): readonly ((next: Publish) => Publish)[] {
  return interceptors.flatMap((interceptor) => interceptor.publish?.bind(interceptor) ?? []);
}

/**
 * Creates the function that passes events through parts of interceptors. The id and the time of an event are
 * fixed first, and stay whatever the interceptors leave out.
 */
export function createPublishInterception(
  parts: readonly ((next: Publish) => Publish)[],
  now: () => number,
): InterceptPublish {
  return async ({ method, message, options = {} }, store) => {
    const { id = crypto.randomUUID(), time = new Date(now()) } = options;
    const call = { method, message, options: { ...options, id, time } };
    if (parts.length === 0) return await store(call);
    const keepIdentity: Publish = async (changed) => {
      const given: PublishOptions = changed.options;
      const fixed = { id: given.id ?? id, time: given.time ?? time };
      return await store({ ...changed, options: { ...given, ...fixed } });
    };
    return await chain(keepIdentity, parts)(call);
  };
}
