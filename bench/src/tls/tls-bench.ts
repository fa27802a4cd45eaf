import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "@fanfare/dev-stack";
import { inRounds, summarize } from "../compare.ts";
import type { Bench, Row } from "../report.ts";
import { measureCalls, openCalls } from "./calls.ts";
import { measurePublishes, openBus } from "./publishes.ts";

const rounds = 3;

/** Compares calls and publishes over TLS, with certificates of both sides, with plain ones. */
export const tlsBench: Bench = async (progress) => {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "fanfare-bench-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const files = await (await createAuthority(folder)).issue("bench");
  const rows: Row[] = [];

  progress("typed calls");
  const calls = {
    encrypted: opened.use(await openCalls(folder, files)),
    plain: opened.use(await openCalls(folder)),
  };
  for (const load of [
    { inFlight: 1, total: 300 },
    { inFlight: 50, total: 1_000 },
  ]) {
    const pairs = await inRounds(rounds, {
      ours: () => measureCalls(calls.encrypted, load),
      base: () => measureCalls(calls.plain, load),
    });
    const name = `call-${load.inFlight}-in-flight`;
    rows.push(summarize({ name, target: 0.8, kind: "cost", unit: "µs" }, pairs));
  }

  progress("publishing");
  const buses = {
    encrypted: opened.use(await openBus(files)),
    plain: opened.use(await openBus()),
  };
  for (const load of [
    { inFlight: 1, total: 2_000 },
    { inFlight: 1_000, total: 20_000 },
  ]) {
    const pairs = await inRounds(rounds, {
      ours: () => measurePublishes(buses.encrypted, load),
      base: () => measurePublishes(buses.plain, load),
    });
    const name = `publish-${load.inFlight}-in-flight`;
    rows.push(summarize({ name, target: 0.8, kind: "rate", unit: "events/s" }, pairs));
  }
  return { rows, tables: [] };
};
