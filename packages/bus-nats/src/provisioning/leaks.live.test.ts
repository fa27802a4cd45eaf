import { createPublisher } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import { expect, it } from "vitest";
import { startOwnNats } from "../../test/nats-server.ts";
import { createUsers, layouts, listUsers } from "../../test/users.ts";
import { connectNats } from "../connect-nats.ts";
import { createInboxPrefix } from "../connection/create-user-options.ts";
import { findLeaks } from "../testing/index.ts";
import { planPermissions } from "./plan-permissions.ts";
import { provisionGroups } from "./provision-groups.ts";
import { provisionTopics } from "./provision-topics.ts";

const groups = [
  { group: "revenue", topics: ["notes.written"] },
  { group: "audit", topics: ["notes.written", "notes.read"] },
];
const plan = { publishes: ["notes.written"], groups };
const targets = [
  "fanfare.notes.read.0",
  "$JS.API.STREAM.PURGE.fanfare_notes_written",
  "$JS.API.STREAM.CREATE.mine",
  "$JS.API.CONSUMER.CREATE.fanfare_notes_written.mine",
  "$SYS.REQ.SERVER.PING",
];

const findLeaksIn = async (layout: (typeof layouts)[number]) => {
  await using stack = new AsyncDisposableStack();
  const users = stack.use(createUsers(layout, plan));
  const nats = stack.use(await startOwnNats(users.config));
  const administrator = { servers: nats.url, ...users.admin };
  await provisionTopics(administrator, { topics: ["notes.written", "notes.read"] });
  await provisionGroups(administrator, { groups });
  const publisher = stack.use(await connectNats({ servers: nats.url, ...users.find("publisher") }));
  const notes = createPublisher(NoteEvents, publisher);
  for (const number of [1, 2, 3]) await notes.noteWritten({ number });
  const tested = listUsers(plan).map((user) => ({
    name: user.name,
    options: { servers: nats.url, ...users.find(user.name) },
    permissions: planPermissions({ ...user, inboxPrefix: createInboxPrefix(user.name) }),
  }));
  return await findLeaks({ users: tested, administrator, targets });
};

it("least privilege: no user makes the server write where the user may not, with an account each", {
  timeout: 60_000,
}, async () => {
  expect(await findLeaksIn("an account each")).toEqual([]);
});

it("finds that permissions alone do not cover replies", { timeout: 60_000 }, async () => {
  const leaks = await findLeaksIn("one account");
  expect(leaks).toContainEqual({ user: "revenue", subject: "fanfare.notes.read.0" });
  expect(leaks).toContainEqual({ user: "revenue", subject: "_INBOX_audit.leak" });
});
