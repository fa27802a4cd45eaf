import { webcrypto } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

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

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 24 * 3_600_000;
/** Clocks of containers differ a little. */
const clockSkewMs = 60_000;

/** Creates an authority for a development stack, and writes its certificate to `ca.crt` in a folder. */
export async function createAuthority(folder: string): Promise<Authority> {
  const x509 = await loadX509();
  await mkdir(folder, { recursive: true });
  const keys = await generateKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=Fanfare development CA",
    ...computeValidity(90 * dayMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const caFile = join(folder, "ca.crt");
  await writeAtomically(caFile, ca.toString("pem"), 0o644);
  return {
    caFile,
    async issue(name, { validForMs = 90 * dayMs } = {}) {
      const { publicKey, privateKey } = await generateKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${name}`,
        issuer: ca.subject,
        ...computeValidity(validForMs),
        publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.SubjectAlternativeNameExtension([
            { type: "dns", value: "localhost" },
            { type: "dns", value: name },
            { type: "ip", value: "127.0.0.1" },
          ]),
          new x509.ExtendedKeyUsageExtension([
            x509.ExtendedKeyUsage.serverAuth,
            x509.ExtendedKeyUsage.clientAuth,
          ]),
          await x509.AuthorityKeyIdentifierExtension.create(ca),
        ],
      });
      const files = {
        caFile,
        certFile: join(folder, `${name}.crt`),
        keyFile: join(folder, `${name}.key`),
      };
      const key = await webcrypto.subtle.exportKey("pkcs8", privateKey);
      await writeAtomically(files.keyFile, x509.PemConverter.encode(key, "PRIVATE KEY"), 0o600);
      await writeAtomically(files.certFile, certificate.toString("pem"), 0o644);
      return files;
    },
  };
}

/** Imports the library only when it is needed, as the import slows down every command. */
async function loadX509() {
  // The library requires it.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto);
  return x509;
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

function computeValidity(ms: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - clockSkewMs), notAfter: new Date(now + ms) };
}

async function writeAtomically(file: string, text: string, mode: number): Promise<void> {
  await writeFile(`${file}.new`, `${text}\n`, { mode });
  await rename(`${file}.new`, file);
}
