import { jetstreamManager } from "@nats-io/jetstream";
import { headers } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { startOwnNats } from "../../test/nats-server.ts";
import { openStreamReader, type StreamMessage } from "../index.ts";

it("reads every message of every stream with its headers, over gaps and in more than one batch", async () => {
  await using nats = await startOwnNats();
  const client = await connect({ servers: nats.url });
  const manager = await jetstreamManager(client);
  const streams = ["direct", "plain"].map((name) => ({ name, subjects: [`${name}.>`] }));
  for (const stream of streams) {
    await manager.streams.add({ ...stream, allow_direct: stream.name === "direct" });
  }
  await manager.streams.add({ name: "empty", subjects: ["empty"] });
  const all = headers();
  all.set("error", "Zoë");
  for (let number = 1; number <= 600; number += 1) {
    for (const { name } of streams) {
      client.publish(`${name}.${number}`, new Uint8Array([255, 0]), { headers: all });
    }
  }
  await client.flush();
  for (const { name } of streams) {
    for (const seq of [1, 2, 300, 600]) await manager.streams.deleteMessage(name, seq);
  }
  await using reader = await openStreamReader({ servers: nats.url });
  expect(await reader.list()).toEqual(["direct", "empty", "plain"]);
  expect(await collect(reader.read("empty"))).toEqual([]);
  for (const { name } of streams) {
    const messages = await collect(reader.read(name));
    expect(messages).toHaveLength(596);
    expect(messages[0]).toMatchObject({ sequence: 3, subject: `${name}.3` });
    expect(messages[0]?.headers).toContainEqual(["error", ["Zoë"]]);
    expect(messages.at(-1)?.sequence).toBe(599);
    expect([...(messages.at(-1)?.data ?? [])]).toEqual([255, 0]);
  }
  await client.close();
});

async function collect(messages: AsyncIterable<StreamMessage>): Promise<StreamMessage[]> {
  const collected: StreamMessage[] = [];
  for await (const message of messages) collected.push(message);
  return collected;
}
