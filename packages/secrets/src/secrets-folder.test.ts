import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSecretsFolder } from "./secrets-folder.ts";

const readMode = async (path: string) => (await stat(path)).mode & 0o777;

describe("openSecretsFolder()", () => {
  let parent: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "fanfare-test-"));
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  it("lets only this user enter a folder that others could enter", async () => {
    const folder = openSecretsFolder(join(parent, "open"));
    await mkdir(folder.path, { mode: 0o755 });
    await folder.create();
    expect(await readMode(folder.path)).toBe(0o700);
  });

  it("writes a secret neither through a link nor to a file that others may read", async () => {
    const folder = openSecretsFolder(parent);
    const [target, fresh] = [join(parent, "elsewhere"), `token.${process.pid}.new`];
    await writeFile(target, "kept");
    await mkdir(join(parent, "trips"));
    await symlink(target, join(parent, "trips", fresh));
    await folder.write("trips", "token", "secret");
    expect(await readFile(target, "utf8")).toBe("kept");
    expect(await readFile(folder.locate("trips", "token"), "utf8")).toBe("secret");
    expect(await readMode(folder.locate("trips", "token"))).toBe(0o600);
  });
});
