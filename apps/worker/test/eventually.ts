import { vi } from "vitest";

/** eventually waits until the check passes. */
export async function eventually(check: () => Promise<void> | void): Promise<void> {
  await vi.waitFor(check, { timeout: 60_000, interval: 50 });
}
