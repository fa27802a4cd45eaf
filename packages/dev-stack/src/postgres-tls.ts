import { chmod, chown, copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";

/** Every connection is encrypted, and authenticated by a password and a certificate. */
const hba = "hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n";

/**
 * Copies the files to a folder that the user of the server may read, and returns the settings with which
 * PostgreSQL accepts connections over TLS alone, of clients with a certificate of the same authority.
 */
export async function preparePostgresTls(
  files: CertificateFiles,
  { folder, owner }: { folder: string; owner?: { uid: number; gid: number } | undefined },
): Promise<Record<string, string>> {
  const paths = {
    ssl_ca_file: join(folder, "ca.crt"),
    ssl_cert_file: join(folder, "server.crt"),
    ssl_key_file: join(folder, "server.key"),
    hba_file: join(folder, "hba.conf"),
  };
  await copyFile(files.caFile, paths.ssl_ca_file);
  await copyFile(files.certFile, paths.ssl_cert_file);
  await copyFile(files.keyFile, paths.ssl_key_file);
  await writeFile(paths.hba_file, hba);
  for (const path of Object.values(paths)) {
    await chmod(path, 0o600);
    if (owner !== undefined) await chown(path, owner.uid, owner.gid);
  }
  return { ssl: "on", ...paths };
}

/** Adds the parameters of libpq that verify the server and present a certificate. */
export function addTlsParameters(url: URL, { caFile, certFile, keyFile }: CertificateFiles): URL {
  url.searchParams.set("sslmode", "verify-full");
  url.searchParams.set("sslrootcert", caFile);
  url.searchParams.set("sslcert", certFile);
  url.searchParams.set("sslkey", keyFile);
  return url;
}
