import { createPublisher } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import type { Nats } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openAdmin } from "../../test/admin.ts";
import { startOwnNats } from "../../test/nats-server.ts";
import { append, createGroup, disposable, openBroker } from "../../test/open-broker.ts";
import { connectNats } from "../connect-nats.ts";

const soon = { timeout: 20_000, interval: 20 };
const stream = "fanfare___failures_readers";

describe("retry: the failures of a group", { timeout: 60_000 }, () => {
  let nats: Nats;
  beforeAll(async () => {
    nats = await startOwnNats();
  }, 120_000);
  afterAll(() => nats?.stop());

  it("are written on failures only, and removed with the event", async () => {
    await using admin = await openAdmin(nats.url);
    await using bus = await connectNats({ servers: nats.url });
    const handled: number[] = [];
    const noteWritten = ({ number }: { number: number }, { attempt }: { attempt: number }) => {
      if (number === 1 && attempt < 3) throw new Error("not now");
      handled.push(number);
    };
    await bus.subscribe("readers", (on) => on.service(NoteEvents, { noteWritten }), {
      backoff: { initialIntervalMs: 20, jitter: 0 },
    });
    const notes = createPublisher(NoteEvents, bus);
    await notes.noteWritten({ number: 0 });
    await vi.waitFor(() => expect(handled).toEqual([0]), soon);
    await expect(admin.streams.info(stream)).rejects.toThrow("stream not found");
    await notes.noteWritten({ number: 1 });
    await vi.waitFor(() => expect(handled).toEqual([0, 1]), soon);
    // Two counts and the checkpoint of losses, then an empty count that expires.
    await vi.waitFor(async () => {
      const { state, config } = await admin.streams.info(stream, {
        subjects_filter: "fanfare._failures.readers.notes.>",
      });
      expect(config.allow_msg_ttl).toBe(true);
      const subjects = Object.entries(state.subjects ?? {});
      const pattern = /^fanfare\._failures\.readers\.notes\.written\.2\.\d+$/;
      expect(subjects).toEqual([[expect.stringMatching(pattern), 1]]);
      const [subject] = subjects[0] ?? [""];
      const left = await admin.direct.getMessage(stream, { last_by_subj: subject });
      expect([left?.data.length, left?.header.get("Nats-TTL")]).toEqual([0, "60s"]);
      expect(state.last_seq).toBeLessThanOrEqual(4);
    }, soon);
  });

  it("are not recorded by a process whose lease has ended", async () => {
    await using broker = openBroker({ servers: nats.url, prefix: "fenced" });
    const group = createGroup();
    await broker.declare(group);
    await append(broker, "one");
    const leases: Parameters<Parameters<typeof broker.lease>[1]>[0][] = [];
    await using leasing = disposable(
      await broker.lease(group, (lease) => {
        if (leases.push(lease) === 1) void lease.nak({ delayMs: 0 });
      }),
    );
    leasing.request(2);
    await vi.waitFor(() => expect(leases).toHaveLength(2), soon);
    const [late, current] = leases;
    await current?.recordFailures(3);
    await late?.recordFailures(1);
    expect(await current?.readFailures()).toBe(3);
    await current?.recordFailures(4);
    expect(await current?.readFailures()).toBe(4);
  });
});
