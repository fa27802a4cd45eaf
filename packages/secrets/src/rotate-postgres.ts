import { appNames, hasDatabase } from "@fanfare/topology";
import { createPassword, createVerifier } from "./postgres/create-verifier.ts";
import type { DatabaseLogins } from "./postgres/provision-databases.ts";
import { nameLogins } from "./postgres/provision-roles.ts";
import { enableLogins, retireLogins } from "./postgres/rotate-logins.ts";
import {
  postgresFiles,
  readAdminUrl,
  readDatabaseLogins,
  writeDatabaseLogins,
} from "./postgres-files.ts";
import type { SecretsFolder } from "./secrets-folder.ts";
import type { RotationContext } from "./secrets-part.ts";

const { databaseUrl: urlFile } = postgresFiles;

/** An app's URL, and its database. */
interface AppDatabase {
  readonly app: string;
  readonly url: URL;
  readonly database: string;
}

/**
 * Moves each app to its other login, with a new password. Both logins work until no session of the earlier
 * one is left; then it is disabled. Finishes a rotation that was interrupted, instead of another one.
 */
export async function rotatePostgres(context: RotationContext): Promise<void> {
  const { folder, report } = context;
  const adminUrl = await readAdminUrl(folder);
  const apps = await readApps(folder);
  const known = await readDatabaseLogins(folder);
  if (isUnfinished(apps, known)) {
    report("Finishing the rotation that was begun earlier");
  } else {
    await moveApps(folder, { apps, known, adminUrl });
    report("Every app has a new login; the earlier ones still work");
  }
  const current = selectCurrent(await readApps(folder), await readDatabaseLogins(folder));
  await retireLogins(adminUrl, current, context);
  await writeDatabaseLogins(folder, { ...known, ...current });
  report("The earlier logins are disabled");
}

/** Enables another login of each database, and gives it to the app. */
async function moveApps(
  folder: SecretsFolder,
  given: {
    readonly apps: readonly AppDatabase[];
    readonly known: DatabaseLogins;
    readonly adminUrl: string;
  },
): Promise<void> {
  const both: Record<string, Readonly<Record<string, string>>> = { ...given.known };
  const urls = new Map<string, string>();
  for (const { app, url, database } of given.apps) {
    const next = new URL(url);
    next.username = nameLogins(database).find((login) => login !== url.username) ?? "";
    next.password = createPassword();
    urls.set(app, next.href);
    both[database] = {
      ...both[database],
      [next.username]: await createVerifier(next.password),
    };
  }
  await writeDatabaseLogins(folder, both);
  await enableLogins(given.adminUrl, both);
  for (const [app, url] of urls) await folder.write(app, urlFile, url);
}

async function readApps(folder: SecretsFolder): Promise<readonly AppDatabase[]> {
  const found: AppDatabase[] = [];
  for (const app of appNames.filter(hasDatabase)) {
    const text = await folder.read(app, urlFile);
    if (text === undefined) continue;
    const url = new URL(text);
    found.push({ app, url, database: decodeURIComponent(url.pathname.slice(1)) });
  }
  return found;
}

/** Returns the logins that the apps use, without those that wait to be disabled. */
function selectCurrent(apps: readonly AppDatabase[], known: DatabaseLogins): DatabaseLogins {
  return Object.fromEntries(
    apps.map(({ url, database }) => {
      const verifier = known[database]?.[url.username];
      if (verifier !== undefined) return [database, { [url.username]: verifier }];
      throw new Error(`the login of ${database} is unknown to the server: run fanfare secrets`);
    }),
  );
}

function isUnfinished(apps: readonly AppDatabase[], known: DatabaseLogins): boolean {
  return apps.some(({ database }) => Object.keys(known[database] ?? {}).length > 1);
}
