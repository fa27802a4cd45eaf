import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublisher } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import { startNats, waitUntil } from "@fanfare/dev-stack";
import { expect, it } from "vitest";
import { connectNats } from "./connect-nats.ts";

it("rotation: connects with the current password after the server has changed it", {
  timeout: 60_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const data = mkdtempSync(join(tmpdir(), "nats-rotation-"));
  stack.defer(() => rmSync(data, { recursive: true }));
  const setServerPassword = (password: string) =>
    writeFileSync(
      join(data, "users.conf"),
      `authorization { users: [{ user: app, password: ${password} }] }\n`,
    );
  setServerPassword("first");
  const nats = stack.use(await startNats({ data, config: 'include "users.conf"' }));
  let password = "first";
  const bus = stack.use(
    await connectNats({
      servers: nats.url,
      user: () => "app",
      password: () => password,
      source: "//test",
    }),
  );
  const notes = createPublisher(NoteEvents, bus);
  await notes.noteWritten({ author: "before" });

  setServerPassword("second");
  process.kill(nats.pid ?? 0, "SIGHUP");
  await waitUntil(() => !bus.health().connected, { what: "the old password to be refused" });
  password = "second";
  await waitUntil(() => bus.health().connected, { what: "the new password" });
  expect(await notes.noteWritten({ author: "after" })).toMatchObject({
    duplicate: false,
  });
});
