import { appNames } from "@fanfare/topology";
import { type CertificateFiles, createAuthority } from "./certificates.ts";

/** The certificates of a stack, from an authority that exists as long as the process that starts it. */
export interface StackTls {
  /** The folder of the certificates. */
  readonly folder: string;
  /** The name of an app, a server (`temporal`, `nats`, `postgres-server`), or a client. */
  locate(name: string): CertificateFiles;
}

/** `postgres` is the administrator of PostgreSQL, and `operator` the user of the CLI. */
const others = ["temporal", "nats", "postgres-server", "postgres", "operator"];

/** Creates an authority, and a certificate for each app, server and client. Replaces earlier ones. */
export async function createStackTls(folder: string): Promise<StackTls> {
  const authority = await createAuthority(folder);
  const files = new Map<string, CertificateFiles>();
  for (const name of [...appNames, ...others]) files.set(name, await authority.issue(name));
  return {
    folder,
    locate(name) {
      const found = files.get(name);
      if (found === undefined)
        throw new Error(`expected an app, a server or a client, got "${name}"`);
      return found;
    },
  };
}

/** Returns the variables of an app that name its certificate. */
export function nameCertificates({ caFile, certFile, keyFile }: CertificateFiles) {
  return {
    TLS_CA_FILE: caFile,
    TLS_CERT_FILE: certFile,
    TLS_KEY_FILE: keyFile,
    NATS_CA_FILE: caFile,
    NATS_CERT_FILE: certFile,
    NATS_KEY_FILE: keyFile,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: caFile,
    TEMPORAL_TLS_CLIENT_CERT_PATH: certFile,
    TEMPORAL_TLS_CLIENT_KEY_PATH: keyFile,
  };
}
