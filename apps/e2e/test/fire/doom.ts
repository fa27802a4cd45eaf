// Loaded with --import into each process of the fire tests, before its program. A message such as
// "commit:12" names a point and a count: the process kills itself with SIGKILL when it reaches the point
// for the 12th time. It also kills itself when the tests exit.
import { Client } from "pg";

/** The number of statements that each connection has sent since it recorded an event in the inbox. */
const statements = new WeakMap<object, number>();
let crashPoint: string | undefined;
let left = 0;

function pass(point: string): void {
  if (point === crashPoint && --left === 0) process.kill(process.pid, "SIGKILL");
}

process.on("message", (message) => {
  const [point, count] = String(message).split(":");
  crashPoint = point;
  left = Number(count);
});
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

const query: unknown = Reflect.get(Client.prototype, "query");
if (typeof query !== "function") throw new Error("pg has no query");
const send = query;

async function commit(client: object, args: readonly unknown[]): Promise<unknown> {
  pass("transaction");
  const answer: unknown = Reflect.apply(send, client, args);
  pass("committing");
  const result = await answer;
  pass("commit");
  return result;
}

Object.defineProperty(Client.prototype, "query", {
  value(this: object, ...args: readonly unknown[]): unknown {
    const [text] = args;
    const before = statements.get(this);
    if (typeof text === "string" && text.startsWith("/* inbox")) statements.set(this, 0);
    else if (before !== undefined && text !== "commit") statements.set(this, before + 1);
    else if (text === "commit") statements.delete(this);
    // A duplicate has no statement between its record and its commit.
    if (text === "commit" && before !== undefined && before > 0) return commit(this, args);
    if (typeof text === "string" && text.startsWith("delete from outbox")) pass("mark");
    return Reflect.apply(send, this, args);
  },
});
