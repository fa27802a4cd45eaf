import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPublicKey } from "@fanfare/bus-nats";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { adoptStreams, createNatsSecrets, rotateNatsSecrets } from "./index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nats-secrets-"));
});
afterEach(() => rm(folder, { recursive: true }));

const readText = (...path: string[]) => readFile(join(folder, ...path), "utf8");
const readAccounts = () => readText("nats", "accounts.conf");
const readKey = async (holder: string) => readPublicKey(await readText(holder, "nats.nk"));

describe("createNatsSecrets()", () => {
  it("gives each holder a key of its own, and the server their public keys alone", async () => {
    await createNatsSecrets(folder);
    const holders = await readdir(folder);
    expect(holders.toSorted()).toEqual([
      "audit",
      "fleet",
      "nats",
      "nats-system",
      "notifications",
      "operator",
      "provision",
      "revenue",
      "riders",
      "worker",
    ]);
    const keys = holders.filter((name) => name !== "nats").map(readKey);
    expect(new Set(await Promise.all(keys)).size).toBe(holders.length - 1);
    const accounts = await readAccounts();
    for (const key of keys) expect(accounts).toContain(await key);
    expect(accounts).not.toMatch(/\bSU[A-Z2-7]{50}/);
    expect((await stat(join(folder, "revenue", "nats.nk"))).mode & 0o777).toBe(0o600);
  });

  it("changes nothing that exists", async () => {
    await createNatsSecrets(folder);
    const before = await readAccounts();
    expect(await createNatsSecrets(folder)).toEqual([]);
    expect(await readAccounts()).toBe(before);
  });
});

describe("createNatsSecrets() for a cluster", () => {
  it("lets a server join with a password alone, which it keeps", async () => {
    const routes = ["nats-1:6222", "nats-2:6222"];
    await createNatsSecrets(folder, routes);
    const before = await readText("nats", "routes.conf");
    const [, password] = /password: "([\w-]{32})"/.exec(before) ?? [];
    for (const route of routes) expect(before).toContain(`"nats://route:${password}@${route}"`);
    await createNatsSecrets(folder, [...routes, "nats-3:6222"]);
    expect(await readText("nats", "routes.conf")).toContain(`route:${password}@nats-3:6222`);
  });
});

describe("rotateNatsSecrets()", { timeout: 60_000 }, () => {
  it("rotation: takes one step with each call where it cannot reload the servers", async () => {
    await createNatsSecrets(folder);
    const first = await readKey("revenue");
    const steps: string[] = [];
    const rotate = () => rotateNatsSecrets(folder, { report: (line) => steps.push(line) });

    await rotate();
    const second = readPublicKey(await readText("revenue", "nats.next.nk"));
    expect(await readKey("revenue")).toBe(first);
    expect(await readAccounts()).toContain(first);
    expect(await readAccounts()).toContain(second);
    await createNatsSecrets(folder);
    expect(await readAccounts()).toContain(second);

    await rotate();
    expect(await readKey("revenue")).toBe(second);
    expect(await readAccounts()).toContain(first);

    await rotate();
    expect(await readAccounts()).toContain(second);
    expect(await readAccounts()).not.toContain(first);
    expect(steps.filter((line) => line.startsWith("step"))).toHaveLength(3);

    await rotate();
    expect(await readKey("revenue")).toBe(second);
    expect(steps.at(-2)).toContain("step 1");
  });

  it("rejects where there are no keys", async () => {
    await expect(rotateNatsSecrets(folder)).rejects.toThrow("found no nats/accounts.conf");
  });
});

it("adoptStreams() does nothing where there are no streams", async () => {
  await adoptStreams(join(folder, "store"));
  expect(await readdir(folder)).toEqual([]);
});
