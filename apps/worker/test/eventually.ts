import { vi } from "vitest";

/** Waits until a check passes, for a minute at most. */
export async function eventually(check: () => Promise<void> | void): Promise<void> {
  await vi.waitFor(check, { timeout: 60_000, interval: 50 });
}
