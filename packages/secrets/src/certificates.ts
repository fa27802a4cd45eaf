import { webcrypto } from "node:crypto";
import { isIP } from "node:net";

/** A certificate or an authority, and its private key, in PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** What {@link issueCertificate} certifies. */
export interface CertificateSubject {
  readonly name: string;
  /** The names and addresses at which it is reached. */
  readonly hosts: readonly string[];
  /** How long the certificate is valid, in milliseconds. */
  readonly validForMs: number;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
/** Clocks of containers differ a little. */
const clockSkewMs = 60_000;

/** Creates an authority, which signs certificates with its key. */
export async function generateAuthority(name: string, validForMs: number): Promise<Certificate> {
  const x509 = await loadX509();
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    ...computeValidity(validForMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, key: await exportKey(keys.privateKey) };
}

/** Creates a key, and a certificate for it of the authority, for a server as well as a client. */
export async function issueCertificate(
  authority: Certificate,
  { name, hosts, validForMs }: CertificateSubject,
): Promise<Certificate> {
  const x509 = await loadX509();
  const ca = new x509.X509Certificate(authority.certificate);
  const { publicKey, privateKey } = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: ca.subject,
    ...computeValidity(validForMs),
    publicKey,
    signingKey: await importKey(authority.key),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
      ),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(ca),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, key: await exportKey(privateKey) };
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

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const { PemConverter } = await loadX509();
  return `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const { PemConverter } = await loadX509();
  const key = PemConverter.decodeFirst(pem);
  return await webcrypto.subtle.importKey("pkcs8", key, algorithm, false, ["sign"]);
}

function computeValidity(ms: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - clockSkewMs), notAfter: new Date(now + ms) };
}
