import { type Clock, systemClock } from "./clock.ts";

/**
 * settles resolves to true once the promise settles, to false when `delayMs` pass before: on the
 * clock, or in real time, so that a clock which nobody moves holds nobody up.
 */
export async function settles(
  promise: Promise<unknown>,
  clock: Clock,
  delayMs: number,
): Promise<boolean> {
  const cancels: (() => void)[] = [];
  const late = new Promise<boolean>((resolve) => {
    for (const time of new Set([clock, systemClock])) {
      cancels.push(time.schedule(delayMs, () => resolve(false)));
    }
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  const outcome = await Promise.race([settled, late]);
  for (const cancel of cancels) cancel();
  return outcome;
}
