import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Nats, parseCodeBlocks } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOwnNats } from "../test/nats-server.ts";
import type { NatsOptions } from "./nats-options.ts";
import { defaultStreamSettings } from "./streams/stream-settings.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(`${folder}README.md`, "utf8");

/** Every option and its default, as the README has it. A new option does not compile until it is here. */
const options = {
  servers: "",
  name: "`fanfare`",
  prefix: "`fanfare`",
  user: undefined,
  password: undefined,
  token: "",
  credentialsFile: "",
  nkeyFile: "",
  tls: "",
  inboxPrefix: "`_INBOX`",
  requestTimeoutMs: "10,000",
  maxInFlight: "4,096",
  maxWaiting: "65,536",
  maxAckPending: "65,536",
  domain: "that of the server",
  apiPrefix: "`$JS.API`",
  provision: "`true`",
  streams: "",
  topics: "",
  connectTimeoutMs: "5,000",
  source: "the `name`",
  interceptors: "",
  stopTimeoutMs: "10,000",
} satisfies Record<keyof NatsOptions, string | undefined>;

describe("the README", { timeout: 60_000 }, () => {
  let nats: Nats;
  beforeAll(async () => {
    nats = await startOwnNats();
  }, 120_000);
  afterAll(() => nats?.stop());

  /** Runs the snippet with a text in it. Returns the lines that it prints, sorted. */
  async function runSnippet(text: string): Promise<string[]> {
    const snippet = parseCodeBlocks(readme).find(({ code }) => code.includes(text));
    const args = ["--input-type=module-typescript", "--eval", snippet?.code ?? ""];
    const env = { ...process.env, NATS_URL: nats.url };
    const run = promisify(execFile)(process.execPath, args, { cwd: folder, env, timeout: 30_000 });
    return (await run).stdout.trim().split("\n").toSorted();
  }

  it("publishes an event to a group", async () => {
    expect(await runSnippet("// start.ts")).toEqual(["readers got note/1 by Ada", "stored"]);
  });

  it("creates a bus over a broker", async () => {
    expect(await runSnippet("createNatsBroker(")).toEqual(["jetstream"]);
  });

  it("provisions a topic, and a group, and plans the permissions of its process", async () => {
    expect(await runSnippet("provisionTopics(")).toEqual(["fanfare_trips_completed create"]);
    expect(await runSnippet("provisionGroups(")).toEqual(["_INBOX_revenue.>"]);
    expect(await runSnippet("readGroups(")).toEqual(["revenue: 0 pending, 0 dead letters"]);
  });

  it("connects as a user, and checks the durability of the server", async () => {
    expect(await runSnippet("createUserOptions(")).toEqual(["true"]);
    expect(await runSnippet("checkDurability(")).toEqual([""]);
  });

  it("lists every option with its default, and every setting of a stream", () => {
    for (const [name, standard] of Object.entries(options)) {
      expect(readme).toContain(
        standard === undefined ? `\`${name}\`` : `| \`${name}\` | ${standard}`,
      );
    }
    for (const name of Object.keys(defaultStreamSettings))
      expect(readme).toContain(`| \`${name}\` |`);
  });
});
