import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { connectNats } from "@fanfare/bus-nats";
import { outbox, readOutboxState } from "@fanfare/bus-sql";
import { type Nats, type Postgres, startNats, startPostgres, waitUntil } from "@fanfare/dev-stack";
import type { Kysely } from "kysely";
import { connectFire, type FireDatabase, makeFire } from "./fire-database.ts";

/** groups are two that both have to have one effect of everything. */
export const groups = ["first", "second"] as const;
const authors = Array.from({ length: 20 }, (_, index) => `author-${index}`);
const program = fileURLToPath(new URL("fire-process.ts", import.meta.url));

/** createRandom is the same numbers from 0 to 1 for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Fire is an outbox, a stream and two groups whose servers and processes can be killed. */
export interface Fire extends AsyncDisposable {
  readonly postgres: Postgres;
  readonly nats: Nats;
  readonly db: Kysely<FireDatabase>;
  /**
   * Runs a process, again and again: each dies at the next of the points, "publish:12" for the
   * twelfth publish, and the one after the last point stays. Resolves once that one runs.
   */
  keep(role: string, points: readonly string[]): Promise<void>;
  /** Commits this many events, from several connections, among transactions that are rolled back. */
  write(count: number, random: () => number): Promise<void>;
  /** Goes on committing, 20 at a time, until the signal aborts. */
  keepWriting(random: () => number, signal: AbortSignal): Promise<void>;
  /** Resolves when all that is committed is out and has its effects. */
  settled(): Promise<void>;
  /** Each author's numbers as they stand in the stream. */
  stream(): Promise<Map<string, number[]>>;
}

/** startFire starts servers of its own and declares the groups. */
export async function startFire(): Promise<Fire> {
  const stack = new AsyncDisposableStack();
  const { NATS_URL: _, POSTGRES_ADMIN_URL: __, ...env } = process.env;
  const postgres = stack.use(await startPostgres({ env }));
  const nats = stack.use(await startNats({ env }));
  const url = await postgres.createDatabase("fire");
  const db = connectFire(url);
  stack.defer(() => db.destroy());
  await makeFire(db, authors);
  const running = new Map<string, ChildProcess>();
  let stopped = false;
  stack.defer(() => {
    stopped = true;
    for (const child of running.values()) child.kill("SIGKILL");
  });

  function launch(role: string, die: string): ChildProcess {
    const child = spawn(process.execPath, [program, role], {
      env: { ...env, DATABASE_URL: url, NATS_URL: nats.url, DIE: die },
      stdio: ["ignore", "ignore", "inherit"],
    });
    running.set(role, child);
    return child;
  }

  /** What was to die at a point may end another way, by a server that is away: then again. */
  async function stay(role: string, child: ChildProcess): Promise<void> {
    await once(child, "exit");
    if (!stopped) void stay(role, launch(role, ""));
  }

  async function write(count: number, random: () => number): Promise<void> {
    let left = count;
    async function writeSome(): Promise<void> {
      while (left > 0) {
        left -= 1;
        const author = authors[Math.floor(random() * authors.length)] ?? "";
        const undo = random() < 0.2;
        const committed = await commit(db, author, undo).catch(() => false);
        if (!committed) left += 1;
      }
    }
    await Promise.all(Array.from({ length: 4 }, writeSome));
  }

  return {
    postgres,
    nats,
    db,
    async keep(role, points) {
      for (const point of points) {
        for (;;) {
          const child = launch(role, point);
          const [, signal] = await once(child, "exit");
          if (stopped || signal === "SIGKILL") break;
        }
        if (stopped) return;
      }
      void stay(role, launch(role, ""));
    },
    write,
    async keepWriting(random, signal) {
      while (!signal.aborted) await write(20, random);
    },
    async settled() {
      await waitUntil(
        async () => {
          const { waiting } = await readOutboxState(db);
          const committed = await db.selectFrom("committed").selectAll().execute();
          const effects = await db.selectFrom("effects").selectAll().execute();
          return waiting === 0 && effects.length >= committed.length * groups.length;
        },
        { what: "every event to have its effects", deadlineMs: 240_000, everyMs: 200 },
      );
    },
    async stream() {
      const numbers = new Map<string, number[]>();
      const committed = await db.selectFrom("committed").selectAll().execute();
      let heard = 0;
      await using bus = await connectNats({ servers: nats.url, name: "stream" });
      await bus.subscribe(
        "stream",
        (on) =>
          on.service(NoteEvents, {
            noteWritten({ author, number }) {
              heard += 1;
              numbers.set(author, [...(numbers.get(author) ?? []), number]);
            },
          }),
        { from: "start" },
      );
      await waitUntil(() => heard >= committed.length, {
        what: "the whole stream",
        deadlineMs: 120_000,
      });
      return numbers;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** commit takes an author's next number, whose row makes numbers rise in the order of commits. */
async function commit(db: Kysely<FireDatabase>, author: string, undo: boolean): Promise<true> {
  await db.transaction().execute(async (tx) => {
    const { number } = await tx
      .updateTable("counters")
      .set((eb) => ({ number: eb("number", "+", 1) }))
      .where("author", "=", author)
      .returning("number")
      .executeTakeFirstOrThrow();
    await tx.insertInto("committed").values({ author, number }).execute();
    await outbox(tx, NoteEvents).noteWritten({ author, number }, { id: `${author}/${number}` });
    if (undo) throw new Error("rolled back on purpose");
  });
  return true;
}
