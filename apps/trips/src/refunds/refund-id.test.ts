import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { createRefundId } from "./refund-id.ts";

it("keeps a UUID, and makes one short id of any other key", () => {
  const id = randomUUID();
  expect(createRefundId(id)).toBe(id);
  const keys = ["", "x", "k".repeat(255), "the wrong fare / é", id.toUpperCase()];
  const ids = keys.map(createRefundId);
  expect(ids).toEqual(keys.map(createRefundId));
  expect(new Set(ids).size).toBe(keys.length);
  for (const made of ids) expect(made).toMatch(/^[\da-f]{64}$/);
});
