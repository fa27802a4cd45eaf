import { longestMs } from "./settings.ts";

/**
 * settlesWithin says whether a promise is settled, either way, before `ms` have passed and before
 * the signal aborts.
 */
export async function settlesWithin(
  promise: Promise<unknown>,
  { ms, signal }: { readonly ms: number; readonly signal?: AbortSignal },
): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const end = () => late.resolve(false);
  const timer = setTimeout(end, Math.min(ms, longestMs));
  signal?.addEventListener("abort", end);
  if (signal?.aborted === true) end();
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, late.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}
