import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runFanfare } from "../../test/run-fanfare.ts";

it("takes the administrator's password from the environment, so that no command line shows it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
  const env = {
    ...process.env,
    POSTGRES_ADMIN_URL: "postgres://admin:s3cret@postgres.example/postgres",
  };
  expect(await runFanfare(["secrets", folder], env)).toMatchObject({ status: 0, stderr: "" });
  expect(await readFile(join(folder, "postgres", "admin-url"), "utf8")).toBe(
    "postgres://admin:s3cret@postgres.example/postgres",
  );
  expect(await readFile(join(folder, "trips", "database-url"), "utf8")).toMatch(
    /^postgres:\/\/trips_a:.+@postgres\.example/,
  );
  await rm(folder, { recursive: true });
});
