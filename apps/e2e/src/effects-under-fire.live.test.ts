import { createRandom, type Random } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectFindings, countMissing, type Findings, groups } from "../test/fire/findings.ts";
import { type Fire, type Role, startFire } from "../test/fire/fire.ts";
import { readStream } from "../test/fire/read-stream.ts";
import { commitContinuously, commitEvents } from "../test/fire/writing.ts";

/** The long form has 10,000 events, 50 kills of each process and a minute of random faults. */
const long = process.env.FANFARE_FIRE === "long";
const seed = Number(process.env.FANFARE_FIRE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const events = long ? 10_000 : 400;
const kills = long ? 50 : 2;
const restarts = long ? 10 : 2;
const faultsMs = long ? 60_000 : 4_000;
const roles = ["relay", ...groups] as const;

/** Violations that are found after the faults. */
interface Violations extends Pick<Findings, "lost" | "duplicated" | "unexpected"> {
  /** The difference between the trips in the sums of revenue and the committed events. */
  readonly missummed: number;
  /** The trips whose events are not in the stream once each and in the order of their commits. */
  readonly disordered: readonly { readonly positions: readonly (number | undefined)[] }[];
}
const noViolations: Violations = {
  lost: [],
  duplicated: [],
  unexpected: [],
  missummed: 0,
  disordered: [],
};

/** Picks the points at which a process kills itself, spread over the events that are written meanwhile. */
function pickCrashPoints(kinds: readonly string[], random: Random): string[] {
  const most = Math.ceil(events / kills);
  return Array.from({ length: kills }, (_, index) => {
    const kind = kinds[index % kinds.length];
    return `${kind}:${1 + Math.floor(random() * most)}`;
  });
}

describe(`effects under fire, seed ${seed}`, { timeout: long ? 900_000 : 300_000 }, () => {
  let fire: Fire;
  beforeAll(async () => {
    fire = await startFire();
  }, 120_000);
  afterAll(() => fire?.[Symbol.asyncDispose](), 60_000);

  /** Commits events until `faults` resolves. */
  async function commitDuring(faults: Promise<unknown>, random: Random): Promise<void> {
    const over = new AbortController();
    const writing = commitContinuously(fire.databases.fire, {
      random,
      ahead: 500,
      countMissing: () => countMissing(fire.databases),
      signal: over.signal,
    });
    try {
      await Promise.race([faults, writing, fire.crashed]);
    } finally {
      over.abort();
    }
    await writing;
  }

  /** Waits until every event is handled, and returns the violations. */
  async function findViolations(scenario: string, faults: number): Promise<Violations> {
    const recoveredMs = await fire.settled();
    const found = await collectFindings(fire.databases);
    const { events: committed, lost, duplicated, unexpected, positions, summed } = found;
    const report = {
      scenario,
      seed,
      events: committed,
      faults,
      lost: lost.length,
      duplicated: duplicated.length,
      recoveredMs,
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    const stream = await readStream(fire.nats.url, { group: scenario, count: committed });
    const order = Array.from(stream, ([trip, all]) => ({
      trip,
      positions: all.map((event) => positions.get(event)),
    }));
    const disordered = order.filter((one) =>
      one.positions.some((position, index) => position !== index + 1),
    );
    return {
      lost,
      duplicated,
      unexpected,
      missummed: summed - committed,
      disordered,
    };
  }

  it("has one effect of each event when reactors are killed around their commits", async () => {
    const random = createRandom(seed + 1);
    const kinds = ["commit", "transaction", "committing"];
    const faults = groups.map((group) =>
      fire.processes[group].crashAt(pickCrashPoints(kinds, random)),
    );
    await commitEvents(fire.databases.fire, { count: events, random });
    await commitDuring(Promise.all(faults), random);
    expect(await findViolations("reactors", groups.length * kills)).toEqual(noViolations);
  });

  it("publishes each event once when the relay is killed between publishing and marking", async () => {
    const random = createRandom(seed + 2);
    const most = Math.ceil(events / kills / 50);
    const marks = Array.from({ length: kills }, () => `mark:${1 + Math.floor(random() * most)}`);
    const faults = fire.processes.relay.crashAt(marks);
    await commitEvents(fire.databases.fire, { count: events, random });
    await commitDuring(faults, random);
    expect(await findViolations("relay", kills)).toEqual(noViolations);
  });

  it("loses nothing when NATS is killed at a third and at half of the events", async () => {
    const random = createRandom(seed + 3);
    const third = Math.floor(events / 3);
    const sixth = Math.floor(events / 6);
    const writeSome = (count: number) => commitEvents(fire.databases.fire, { count, random });
    const kill = async () => {
      const writing = writeSome(sixth);
      await fire.nats.kill();
      await writing;
      await fire.nats.start();
    };
    await writeSome(third);
    await kill();
    await kill();
    await writeSome(events - third - 2 * sixth);
    expect(await findViolations("nats", 2)).toEqual(noViolations);
  });

  it("loses nothing when PostgreSQL restarts during commits", async () => {
    const random = createRandom(seed + 4);
    const each = Math.ceil(events / restarts);
    for (let restart = 0; restart < restarts; restart += 1) {
      const writing = commitEvents(fire.databases.fire, { count: each, random });
      await fire.restartPostgres();
      await writing;
    }
    expect(await findViolations("postgres", restarts)).toEqual(noViolations);
  });

  it("loses and duplicates nothing when random processes and servers are killed", async () => {
    const random = createRandom(seed + 5);
    const until = performance.now() + faultsMs;
    let faults = 0;
    const strike = async (what: Role | "postgres" | "nats") => {
      faults += 1;
      if (what === "postgres") return await fire.restartPostgres();
      if (what !== "nats") return fire.processes[what].kill();
      await fire.nats.kill();
      await fire.nats.start();
    };
    const victims = [...roles, "postgres", "nats"] as const;
    const injectFaults = async () => {
      while (performance.now() < until) {
        await strike(victims[Math.floor(random() * victims.length)] ?? "relay");
        await commitEvents(fire.databases.fire, { count: Math.floor(random() * 50), random });
      }
    };
    await commitDuring(injectFaults(), random);
    expect(await findViolations("everything", faults)).toEqual(noViolations);
  });
});
