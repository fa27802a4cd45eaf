import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateAuthority, issueCertificate } from "@fanfare/secrets";

/** The files of a certificate, in PEM. */
export interface CertificateFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** The validity of a certificate. */
export interface CertificateOptions {
  /** How long the certificate is valid, in milliseconds. Default: 90 days. */
  readonly validForMs?: number;
}

/** An authority that exists as long as this process: its key is never stored. */
export interface Authority {
  readonly caFile: string;
  /**
   * Writes a certificate for the server and client `name` on this machine, and its key. Replaces an
   * earlier one of that name.
   */
  issue(name: string, options?: CertificateOptions): Promise<CertificateFiles>;
}

const dayMs = 24 * 3_600_000;

/** Creates an authority for a development stack, and writes its certificate to `ca.crt` in a folder. */
export async function createAuthority(folder: string): Promise<Authority> {
  await mkdir(folder, { recursive: true });
  const authority = await generateAuthority("Fanfare development CA", 90 * dayMs);
  const caFile = join(folder, "ca.crt");
  await writeAtomically(caFile, authority.certificate, 0o644);
  return {
    caFile,
    async issue(name, { validForMs = 90 * dayMs } = {}) {
      const hosts = ["localhost", name, "127.0.0.1"];
      const { certificate, key } = await issueCertificate(authority, { name, hosts, validForMs });
      const files = {
        caFile,
        certFile: join(folder, `${name}.crt`),
        keyFile: join(folder, `${name}.key`),
      };
      await writeAtomically(files.keyFile, key, 0o600);
      await writeAtomically(files.certFile, certificate, 0o644);
      return files;
    },
  };
}

async function writeAtomically(file: string, text: string, mode: number): Promise<void> {
  await writeFile(`${file}.new`, text, { mode });
  await rename(`${file}.new`, file);
}
