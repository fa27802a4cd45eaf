import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCompleteFolder } from "./complete-folder.ts";

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "complete-"));
  folder = join(parent, "monday");
});
afterEach(() => rm(parent, { recursive: true }));

const writeOne = (part: string) => writeFile(join(part, "one"), "1");

async function failWithFullDisk(part: string): Promise<never> {
  await writeOne(part);
  const message = "ENOSPC: no space left on device";
  const cause = Object.assign(new Error(message), { code: "ENOSPC" });
  throw new Error("cannot save", { cause });
}

describe("createCompleteFolder()", () => {
  it("creates a folder, and fills an empty one", async () => {
    await createCompleteFolder(folder, writeOne);
    await rm(join(folder, "one"));
    await createCompleteFolder(folder, writeOne);
    expect(await readdir(folder)).toEqual(["one"]);
    expect(await readdir(parent)).toEqual(["monday"]);
  });

  it("refuses a folder with files, and keeps them", async () => {
    await createCompleteFolder(folder, writeOne);
    await expect(createCompleteFolder(folder, writeOne)).rejects.toThrow(
      /expected an empty folder at .*monday, found files/,
    );
    expect(await readdir(folder)).toEqual(["one"]);
  });

  it("refuses a file", async () => {
    await writeFile(folder, "");
    await expect(createCompleteFolder(folder, writeOne)).rejects.toThrow(
      /expected a folder at .*monday, found something else/,
    );
  });

  it("keeps files that another process has put into the folder meanwhile", async () => {
    const fill = async () => {
      await mkdir(folder);
      await writeFile(join(folder, "other"), "2");
    };
    await expect(createCompleteFolder(folder, fill)).rejects.toThrow("ENOTEMPTY");
    expect(await readdir(folder)).toEqual(["other"]);
    expect(await readdir(parent)).toEqual(["monday"]);
  });

  it("leaves nothing when the disk is full in the middle", async () => {
    await expect(createCompleteFolder(folder, failWithFullDisk)).rejects.toThrow(
      `expected room in ${parent}, found a full disk (ENOSPC: no space left on device): free space`,
    );
    expect(await readdir(parent)).toEqual([]);
  });

  it("refuses a folder that another process creates, and touches nothing of it", async () => {
    await createCompleteFolder(folder, async (part) => {
      await writeOne(part);
      await expect(createCompleteFolder(folder, writeOne)).rejects.toThrow(
        /another process to create .*monday/,
      );
      expect(await readdir(part)).toEqual(["one"]);
    });
    expect(await readdir(parent)).toEqual(["monday"]);
  });

  it("removes what an interrupted one has left", async () => {
    await mkdir(`${folder}.part`);
    await writeFile(join(`${folder}.part`, "half"), "");
    await createCompleteFolder(folder, writeOne);
    expect(await readdir(folder)).toEqual(["one"]);
  });
});
