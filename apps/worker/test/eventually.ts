import { vi } from "vitest";

/** Waits until a check passes, for a minute at most unless `timeoutMs` is given. */
export async function eventually(
  check: () => Promise<void> | void,
  timeoutMs = 60_000,
): Promise<void> {
  await vi.waitFor(check, { timeout: timeoutMs, interval: 50 });
}
