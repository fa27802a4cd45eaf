import { describe, expect, it } from "vitest";
import { createNKey, readPublicKey } from "./create-nkey.ts";
import { formatAccounts } from "./format-accounts.ts";

const key = () => createNKey().publicKey;
const format = (...administrators: string[]) => formatAccounts({ users: [], administrators });
const groups = [{ group: "revenue", topics: ["notes.written"] }];

describe("formatAccounts()", () => {
  it("lets the account of a user import the subjects of its permissions, and no others", () => {
    const config = formatAccounts({
      users: [{ name: "trips", nkeys: [key()], publishes: ["notes.written"] }],
      administrators: [key()],
    });
    const imported = Array.from(config.matchAll(/account: "fanfare", subject: "(.+?)"/g));
    const expected = ["$JS.API.INFO", "fanfare.notes.written.*"];
    expect(imported.map(([, subject]) => subject)).toEqual(expected);
    expect(config).toContain('permissions: {"publish":["fanfare.notes.written.*"]');
  });

  it("exports a subject once, to all who may publish to it", () => {
    const config = formatAccounts({
      users: [
        { name: "revenue", nkeys: [key()], groups },
        { name: "operator", nkeys: [key()], operates: groups },
      ],
      administrators: [key()],
    });
    const exported = config.match(/service: "\$JS\.API\.STREAM\.INFO\.fanfare_notes_written".*/g);
    expect(exported).toEqual([
      'service: "$JS.API.STREAM.INFO.fanfare_notes_written", accounts: ["revenue","operator"] }',
    ]);
  });

  it.each([
    ["two users of one name", ["app", "app"], /two accounts have the name "app"/],
    ["a user with the name of the streams' account", ["fanfare"], /two accounts have the name/],
    ["a user with the name of the system account", ["SYS"], /two accounts have the name "SYS"/],
    ["a name that needs quotes", ['a"b'], /use letters/],
  ])("throws for %s", (_, names, message) => {
    const users = names.map((name) => ({ name, nkeys: [key()] }));
    expect(() => formatAccounts({ users, administrators: [] })).toThrow(message);
  });

  it("throws for a key that is none, without showing it, and for one that two users have", () => {
    const { seed, publicKey } = createNKey();
    expect(() => format(seed)).toThrow(/expected a public NKey.*got "SUA[A-Z2-7]…"/);
    expect(() => format(publicKey, publicKey)).toThrow(/two users have the public NKey/);
  });
});

describe("readPublicKey()", () => {
  it("reads the key of a seed as its file contains it", () => {
    const { seed, publicKey } = createNKey();
    expect(readPublicKey(`${seed}\n`)).toBe(publicKey);
    expect(() => readPublicKey("secret")).toThrow(/nkey|checksum|invalid/i);
  });
});
