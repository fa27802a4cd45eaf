// Loaded by --import into each process of the fire tests, before its program. The process is told by
// a message at which point it has to die, and when it comes there for the given time ("commit:12") it
// ends itself as kill -9 would. It does not outlive the tests.
import { Client } from "pg";

/** How many statements each connection has sent since it recorded an event in the inbox. */
const statements = new WeakMap<object, number>();
let deadly: string | undefined;
let left = 0;

function pass(point: string): void {
  if (point === deadly && --left === 0) process.kill(process.pid, "SIGKILL");
}

process.on("message", (told) => {
  const [point, time] = String(told).split(":");
  deadly = point;
  left = Number(time);
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
    // What was handled before has nothing between its record and its commit.
    if (text === "commit" && before !== undefined && before > 0) return commit(this, args);
    if (typeof text === "string" && text.startsWith("delete from outbox")) pass("mark");
    return Reflect.apply(send, this, args);
  },
});
