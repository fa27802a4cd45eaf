import { Connection } from "@temporalio/client";
import { expect, it, vi } from "vitest";
import { connectTemporal } from "./connect-temporal.ts";

it("closes the connection when Temporal does not answer", async () => {
  const close = vi.spyOn(Connection.prototype, "close");
  // Nothing listens on port 1.
  await expect(
    connectTemporal({ address: "127.0.0.1:1", namespace: "default" }, { timeoutMs: 200 }),
  ).rejects.toThrow("connect");
  expect(close).toHaveBeenCalledOnce();
  close.mockRestore();
});
