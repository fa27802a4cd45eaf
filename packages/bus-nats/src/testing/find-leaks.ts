import { headers, type NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { createConnectionOptions } from "../connection/create-connection-options.ts";
import type { NatsBrokerOptions } from "../nats-options.ts";
import type { Permissions } from "../provisioning/plan-permissions.ts";

/** A user of a NATS server, and what it may do there. */
export interface TestedUser {
  readonly name: string;
  /** How to connect as the user, with its inbox prefix. */
  readonly options: NatsBrokerOptions;
  readonly permissions: Permissions;
}

/** The options of `findLeaks`. */
export interface LeakOptions {
  readonly users: readonly TestedUser[];
  /** How to connect as a user who may subscribe to everything in the account of the streams. */
  readonly administrator: NatsBrokerOptions;
  /** Subjects beside those of the users at which nothing may arrive. */
  readonly targets?: readonly string[];
}

/** A subject to which the server wrote for a user who may not publish to it. */
export interface Leak {
  readonly user: string;
  readonly subject: string;
}

/**
 * Finds the subjects to which users make a server write, though they may not publish to them. Sends every
 * request that each user may send, with each such subject as the reply subject and as the destination of a
 * message trace. Resolves to an empty list where the server allows nothing of that.
 *
 * Run it against a server for tests: what the requests do is done.
 *
 * @example
 * const { publicKey } = createNKey();
 * const user = { name: "trips", publishes: ["trips.completed"] };
 * const inboxPrefix = createInboxPrefix(user.name);
 * const tested = {
 *   name: user.name,
 *   options: { servers, nkeyFile: "trips.nk", inboxPrefix },
 *   permissions: planPermissions({ ...user, inboxPrefix }),
 * };
 * const administrator = { servers, nkeyFile: "administrator.nk" };
 * console.log(publicKey, await findLeaks({ users: [tested], administrator })); // []
 */
export async function findLeaks(options: LeakOptions): Promise<readonly Leak[]> {
  const { users, administrator, targets = [] } = options;
  await using opened = new AsyncDisposableStack();
  const open = async (login: NatsBrokerOptions) => {
    const connection = await connect(createConnectionOptions(login));
    opened.defer(() => connection.close());
    return connection;
  };
  const connections = await Promise.all(users.map((user) => open(user.options)));
  const observer = await open(administrator);
  const inboxes = users.map(({ options: { inboxPrefix = "_INBOX" } }) => `${inboxPrefix}.leak`);
  const all = [
    ...users.flatMap(({ permissions }) => permissions.publish.map(fillWildcards)),
    ...inboxes,
    ...targets,
  ];
  const arrived = new Set<string>();
  // An event that is delivered elsewhere has its own subject as well.
  const observe = (connection: NatsConnection, subject: string) =>
    connection.subscribe(subject, { callback: () => void arrived.add(subject) });
  for (const subject of new Set(all)) observe(observer, subject);
  for (const [index, inbox] of inboxes.entries()) {
    const connection = connections[index];
    if (connection !== undefined) observe(connection, inbox);
  }
  const settle = () => Promise.all([observer, ...connections].map((one) => one.flush()));
  await settle();

  const leaks: Leak[] = [];
  for (const [index, { name, permissions }] of users.entries()) {
    const connection = connections[index];
    if (connection === undefined) continue;
    const own = new Set([...permissions.publish.map(fillWildcards), inboxes[index]]);
    const forbidden = Array.from(new Set(all)).filter((subject) => !own.has(subject));
    arrived.clear();
    for (const request of permissions.publish.map(fillWildcards)) {
      for (const target of forbidden) attack(connection, request, target);
    }
    // The server answers these after what was sent before.
    await askAll(connection, permissions.publish.map(fillWildcards));
    await settle();
    for (const subject of forbidden) if (arrived.has(subject)) leaks.push({ user: name, subject });
  }
  return leaks;
}

/** Returns payloads to which the server answers at once, with an event, with information, or with an error. */
function listPayloads(request: string): readonly string[] {
  return request.includes(".MSG.NEXT.") ? ['{"batch":1,"no_wait":true}'] : ["", '{"seq":1}'];
}

function attack(connection: NatsConnection, request: string, target: string): void {
  for (const payload of listPayloads(request))
    connection.publish(request, payload, { reply: target });
  for (const only of ["false", "true"]) {
    const trace = headers();
    trace.set("Nats-Trace-Dest", target);
    trace.set("Nats-Trace-Only", only);
    const [payload] = listPayloads(request);
    connection.publish(request, payload, { headers: trace });
    connection.publish(request, payload, { headers: trace, reply: target });
  }
}

/** Sends each request once more, and waits for the answers of those that always have one. */
async function askAll(connection: NatsConnection, requests: readonly string[]): Promise<void> {
  const asked = requests.filter((subject) => !/^\$JS\.ACK\.|\.MSG\.NEXT\./.test(subject));
  await Promise.allSettled(
    asked.map((subject) =>
      connection.request(subject, listPayloads(subject)[0], { timeout: 5_000 }),
    ),
  );
}

/** Returns a subject that a filter matches. */
function fillWildcards(filter: string): string {
  const filled = filter.startsWith("$JS.ACK.") ? filter.replace(">", "1.1.1.1.0") : filter;
  return filled.replace(/\*/g, "0").replace(/>$/, "leak");
}
