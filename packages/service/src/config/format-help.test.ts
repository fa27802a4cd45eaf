import { expect, it } from "vitest";
import { formatHelp } from "./format-help.ts";
import { databaseVariables, serverVariables } from "./standard-variables.ts";

it("aligns names, defaults and purposes", () => {
  const { host, port } = serverVariables;
  const variables = { host, port, ...databaseVariables };
  expect(formatHelp({ name: "fleet", about: "Vehicles.", variables })).toBe(
    [
      "fleet: Vehicles.",
      "",
      "Environment variables and their defaults:",
      "  HOST             127.0.0.1   Address to listen on.",
      "  PORT             8080        Port to listen on.",
      "  DATABASE_URL     (required)  PostgreSQL database of this app, with its role and password.",
      "  DATABASE_POOLER  none        transaction: DATABASE_URL is PgBouncer in transaction mode, or a pooler like it.",
      "<variable>_FILE names a file to read a variable from.",
      "",
    ].join("\n"),
  );
});
