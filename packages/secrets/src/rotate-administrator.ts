import { DatabaseError, escapeLiteral } from "pg";
import { asAdministrator } from "./postgres/as-administrator.ts";
import { createPassword, createVerifier } from "./postgres/create-verifier.ts";
import { postgresFiles, readAdminUrl, serverMode } from "./postgres-files.ts";
import type { RotationContext, SecretsPart } from "./secrets-part.ts";

const { holder, password: passwordFile, nextPassword: nextFile, adminUrl: urlFile } = postgresFiles;
const invalidPassword = "28P01";

/** The password of the administrator of the apps' PostgreSQL server. The part `postgres` creates it. */
export const administratorPart: SecretsPart = {
  name: "administrator",
  async create() {},
  rotate: rotateAdministrator,
};

/**
 * Gives the administrator a new password. No app connects as the administrator, and sessions stay open: only who
 * has read the earlier URL and not connected yet is refused. The new password is stored before the server gets
 * it, so that an interrupted rotation is finished by the next one.
 */
async function rotateAdministrator({
  folder,
  report,
}: Pick<RotationContext, "folder" | "report">): Promise<void> {
  const before = new URL(await readAdminUrl(folder));
  const stored = await folder.read(holder, nextFile);
  if (stored !== undefined) report("Finishing the rotation that was begun earlier");
  const password = stored ?? createPassword();
  await folder.write(holder, nextFile, password);
  const after = new URL(before);
  after.password = password;

  await setPassword(before.href, password);
  await asAdministrator(after.href, async () => {});
  report("The server accepts the new password of the administrator, and no other");

  if ((await folder.read(holder, passwordFile)) === decodeURIComponent(before.password)) {
    await folder.write(holder, passwordFile, password, serverMode);
  }
  await folder.write(holder, urlFile, after.href);
  await folder.remove(holder, nextFile);
  report(`${holder}/${urlFile} has it`);
}

/** Sets the password, unless the server refuses the earlier one: then an interrupted rotation has set it. */
async function setPassword(adminUrl: string, password: string): Promise<void> {
  const verifier = escapeLiteral(await createVerifier(password));
  try {
    await asAdministrator(adminUrl, (client) =>
      client.query(`alter role current_user password ${verifier}`),
    );
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== invalidPassword) throw error;
  }
}
