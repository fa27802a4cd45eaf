import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkStateFormat, replaceState, resetState, stateFormat } from "./state-format.ts";

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "fanfare-test-"));
});
afterEach(() => rm(data, { recursive: true, force: true }));

const advice = "remove the data with npm start -- --reset";

async function writeFormat(text: string): Promise<void> {
  await mkdir(join(data, "nats"));
  await writeFile(join(data, "format.json"), text);
}

describe("checkStateFormat()", () => {
  it("marks new data with the current format, and accepts it again", async () => {
    await checkStateFormat(join(data, "new"));
    await mkdir(join(data, "new", "postgres"));
    await checkStateFormat(join(data, "new"));
    expect(JSON.parse(await readFile(join(data, "new", "format.json"), "utf8"))).toEqual({
      format: stateFormat,
    });
  });

  it("refuses data without a number, and names the command that removes it", async () => {
    await mkdir(join(data, "temporal"));
    await expect(checkStateFormat(data)).rejects.toThrow(
      `expected data of format ${stateFormat} in ${data}, got an older format or an interrupted restore: restore again with --replace, or ${advice}`,
    );
    expect(await readdir(data)).toEqual(["temporal"]);
  });

  it.each([
    [`{"format":${stateFormat - 1}}`, `got ${stateFormat - 1}: ${advice}`],
    [`{"format":${stateFormat + 1}}`, `got ${stateFormat + 1}: ${advice}`],
    [
      "{",
      `got an older format or an interrupted restore: restore again with --replace, or ${advice}`,
    ],
  ])("refuses data marked with %s", async (text, message) => {
    await writeFormat(text);
    await expect(checkStateFormat(data)).rejects.toThrow(message);
  });
});

describe("resetState()", () => {
  it("reports and removes what a stack keeps, and nothing else", async () => {
    await writeFormat("{}");
    await mkdir(join(data, "notes"));
    const reported: string[] = [];
    await resetState(data, (path) => reported.push(path));
    expect(reported).toEqual([join(data, "format.json"), join(data, "nats")]);
    expect(await readdir(data)).toEqual(["notes"]);
    await checkStateFormat(data);
  });

  it("removes nothing behind a link", async () => {
    await writeFormat("{}");
    const link = join(data, "link");
    await symlink(data, link);
    await expect(resetState(link, () => {})).rejects.toThrow("got a link to another one");
    expect(await readdir(data)).toEqual(["format.json", "link", "nats"]);
    await unlink(link);
    await mkdir(join(data, "elsewhere"));
    await symlink(join(data, "elsewhere"), join(data, "temporal"));
    await resetState(data, () => {});
    expect(await readdir(data)).toEqual(["elsewhere"]);
  });

  it("leaves data that is refused when it is interrupted", async () => {
    await checkStateFormat(data);
    await mkdir(join(data, "nats"));
    const reported: string[] = [];
    await resetState(data, (path) => reported.push(path));
    expect(reported[0]).toBe(join(data, "format.json"));
  });
});

describe("replaceState()", () => {
  let by: string;
  beforeEach(async () => {
    by = `${data}.new`;
    await mkdir(join(by, "postgres"), { recursive: true });
    await writeFile(join(by, "postgres", "table"), "new");
  });
  afterEach(() => rm(by, { recursive: true, force: true }));

  it("replaces what a stack keeps, and nothing else", async () => {
    await writeFormat(`{"format":${stateFormat}}`);
    await mkdir(join(data, "notes"));
    await replaceState(data, by);
    expect((await readdir(data)).toSorted()).toEqual(["format.json", "notes", "postgres"]);
    await checkStateFormat(data);
  });

  it("leaves data that is refused when it is interrupted, and replaces that", async () => {
    await writeFormat(`{"format":${stateFormat}}`);
    // What a stack does not keep is not removed: a file is in the way of a folder.
    await writeFile(join(data, "way"), "");
    await mkdir(join(by, "way"));
    await expect(replaceState(data, by)).rejects.toThrow("ENOTDIR");
    await expect(checkStateFormat(data)).rejects.toThrow("restore again with --replace");
    await rm(join(by, "way"), { recursive: true });
    await mkdir(join(by, "postgres"), { recursive: true });
    await replaceState(data, by);
    await checkStateFormat(data);
  });

  it("is refused before the first new file is there", async () => {
    await writeFormat(`{"format":${stateFormat}}`);
    await rm(by, { recursive: true });
    await expect(replaceState(data, by)).rejects.toThrow("ENOENT");
    await expect(checkStateFormat(data)).rejects.toThrow("restore again with --replace");
  });
});
