import { describe, expect, it } from "vitest";
import { resolveSettings } from "./settings.ts";

const servers = "nats://127.0.0.1:4222";

describe("resolveSettings()", () => {
  it.each([
    { prefix: "my.>" },
    { inboxPrefix: "" },
    { inboxPrefix: "_INBOX.>" },
    { inboxPrefix: "two words" },
    { maxInFlight: 0 },
    { maxWaiting: -1 },
  ])("throws for %j", (options) => {
    expect(() => resolveSettings({ servers, ...options })).toThrow(
      expect.objectContaining({ code: "invalid_argument" }),
    );
  });

  it("merges the settings of a topic over those of all topics", () => {
    const settings = resolveSettings({
      servers,
      streams: { replicas: 3, maxAgeMs: 1_000 },
      topics: { "trips.completed": { maxAgeMs: 2_000 } },
    });
    expect(settings.getStreamSettings("trips.completed")).toEqual({ replicas: 3, maxAgeMs: 2_000 });
    expect(settings.getStreamSettings("trips.cancelled")).toEqual({ replicas: 3, maxAgeMs: 1_000 });
  });
});
