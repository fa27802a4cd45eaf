import { describe, expect, it } from "vitest";
import { createRandom, groups, startFire } from "../test/fire.ts";

/**
 * FANFARE_FIRE=long takes 10,000 events and 50 kills of each kind; FANFARE_FIRE_SEED repeats a run.
 */
const long = process.env.FANFARE_FIRE === "long";
const events = long ? 10_000 : 400;
const kills = long ? 50 : 2;
const seed = Number(process.env.FANFARE_FIRE_SEED ?? Math.floor(Math.random() * 2 ** 31));

function names(rows: readonly { readonly author: string; readonly number: number }[]): string[] {
  return rows.map(({ author, number }) => `${author}/${number}`);
}

describe(`effects under fire, seed ${seed}`, { timeout: long ? 3_600_000 : 400_000 }, () => {
  it("has one effect of each committed event in each group, in the order of commits", async () => {
    const random = createRandom(seed);
    await using fire = await startFire();
    const upTo = (points: readonly string[]) =>
      points.flatMap((point) =>
        Array.from({ length: kills }, () => `${point}:${1 + Math.floor(random() * 20)}`),
      );
    const [first, second] = groups;
    const burning = Promise.all([
      fire.keep("relay", upTo(["publish"])),
      fire.keep(first, upTo(["transaction", "commit"])),
      fire.keep(second, upTo(["commit", "transaction"])),
    ]);
    const third = Math.floor(events / 3);
    await fire.write(third, random);
    await fire.nats.kill();
    await fire.write(third, random);
    await fire.nats.start();
    const writing = fire.write(events - 2 * third, random);
    await fire.postgres.kill();
    await fire.postgres.start();
    await writing;
    // Those that still have to die need something to die of.
    const over = new AbortController();
    const fuel = fire.keepWriting(random, over.signal);
    await burning;
    over.abort();
    await fuel;
    const quiet = performance.now();
    await fire.settled();
    const recoveredMs = Math.round(performance.now() - quiet);

    const { db } = fire;
    const committed = await db.selectFrom("committed").selectAll().execute();
    const effects = await db.selectFrom("effects").selectAll().execute();
    const wanted = new Set(names(committed));
    const found = groups.map((group) => names(effects.filter(({ reader }) => reader === group)));
    const lost = found.flatMap((all) => names(committed).filter((name) => !all.includes(name)));
    const doubled = found.flatMap((all) => all.filter((name, at) => all.indexOf(name) !== at));
    const unwanted = found.flat().filter((name) => !wanted.has(name));
    const report = {
      seed,
      events: committed.length,
      faults: 5 * kills + 2,
      lost: lost.length,
      doubled: doubled.length,
      recoveredMs,
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    expect({ lost, doubled, unwanted }).toEqual({ lost: [], doubled: [], unwanted: [] });
    expect(wanted.size).toBe(committed.length);
    for (const numbers of (await fire.stream()).values()) {
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
  });
});
