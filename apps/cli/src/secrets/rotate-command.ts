import { join } from "node:path";
import { withLock } from "@fanfare/dev-stack";
import { rotateNatsSecrets } from "@fanfare/nats-users";
import { getSecretsFolder, readStack } from "../stack/running-stack.ts";
import { createTerminal } from "../terminal.ts";

/**
 * Rotates the NKeys of NATS in a folder of secrets, by default in that of this checkout's stack. Reloads the
 * servers at NATS_URL, else those of the running stack; without either it takes one step of the rotation.
 */
export async function rotateNatsCommand(
  folder: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const stack = folder === undefined ? await readStack() : undefined;
  const servers = env.NATS_URL || stack?.environments.revenue?.NATS_URL;
  const path = folder ?? getSecretsFolder();
  const terminal = createTerminal();
  const lockFile = join(path, "keys", "secrets.lock");
  await withLock(
    lockFile,
    () =>
      rotateNatsSecrets(path, {
        nats: servers === undefined ? undefined : { servers },
        report: (line) => terminal.line(line),
      }),
    { timeoutMs: 60_000, what: `another fanfare secrets to finish (${lockFile})` },
  );
}
