import { cp, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { backUpTemporal } from "./temporal-backup.ts";

it("lets only this user read the workflows of a backup, also after they are restored", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
  const database = join(folder, "temporal.db");
  const saved = join(folder, "backup", "temporal.db");
  const restored = join(folder, "restored", "temporal.db");
  using source = new DatabaseSync(database);
  source.exec("create table workflows (id text); insert into workflows values ('trip/1')");
  await backUpTemporal(database, saved);
  await cp(dirname(saved), dirname(restored), { recursive: true });
  for (const file of [saved, restored]) {
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    using copy = new DatabaseSync(file, { readOnly: true });
    expect(copy.prepare("select id from workflows").all()).toEqual([{ id: "trip/1" }]);
  }
  await rm(folder, { recursive: true });
});
