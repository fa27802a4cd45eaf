import { errors } from "@nats-io/nats-core";
import { expect, it, vi } from "vitest";
import { createFakeConnection } from "../../test/fake-connection.ts";
import { watchAckRefusals } from "./ack-refusals.ts";

const consumer = { stream: "fanfare_a", consumer: "readers" };

function deny(subject: string) {
  const text = `Permissions Violation for Publish to "${subject}"`;
  return new errors.PermissionViolationError(text, "publish", subject);
}

it("reports a refused acknowledgement until a later one is not refused", async () => {
  const connection = createFakeConnection();
  connection.connect();
  const refusals = watchAckRefusals(connection, consumer);
  connection.deny(deny("$JS.ACK.fanfare_a.others.1.1.1.1.0"));
  expect(refusals.error).toBeUndefined();
  const refused = deny("$JS.ACK.fanfare_a.readers.1.1.1.1.0");
  connection.deny(refused);
  expect(refusals.error).toMatchObject({ code: "permission_denied", cause: refused });
  const answers = connection.holdFlush();
  refusals.recordSent();
  connection.deny(deny("$JS.ACK.hub.account.fanfare_a.readers.2.1.2.1.0"));
  answers.release();
  await vi.waitFor(() => expect(answers.count).toBe(2));
  expect(refusals.error).toMatchObject({ message: expect.stringContaining("readers.2.1.2") });
  refusals.recordSent();
  await vi.waitFor(() => expect(refusals.error).toBeUndefined());
});

it("forgets a refusal at the next connect", () => {
  const connection = createFakeConnection();
  connection.connect();
  const refusals = watchAckRefusals(connection, consumer);
  connection.deny(deny("$JS.ACK.fanfare_a.readers.1.1.1.1.0"));
  connection.connect();
  expect(refusals.error).toBeUndefined();
});
