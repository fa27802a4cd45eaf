import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { type Certificate, generateAuthority, issueCertificate } from "../certificates.ts";
import type { SecretsFolder } from "../secrets-folder.ts";
import { authorityHolder, clientFiles, serverFiles, serverHolder } from "./temporal-files.ts";
import { temporalRoles } from "./temporal-roles.ts";
import { authorityValidForMs, renewBeforeMs, validForMs } from "./validity.ts";

/** The file of a certificate of the authority, and who may present it. */
interface Place {
  readonly holder: string;
  readonly file: string;
  readonly name: string;
  readonly hosts: readonly string[];
}

/** Options of {@link writeCertificates}. */
export interface CertificateOptions {
  /** The names and addresses at which clients reach the server. */
  readonly hosts: readonly string[];
  /** Replaces certificates that are valid for long, too. */
  readonly renew?: boolean;
}

/**
 * Writes the certificates of the server and of its clients, and that of the server's own parts, which no client
 * can present. Keeps those that are valid for another while.
 */
export async function writeCertificates(
  folder: SecretsFolder,
  { hosts, renew = false }: CertificateOptions,
): Promise<void> {
  const authority = await openAuthority(folder);
  const places: readonly Place[] = [
    { holder: serverHolder, file: serverFiles.frontend, name: "temporal", hosts },
    ...Object.keys(temporalRoles).map((name) => ({
      holder: name,
      file: clientFiles.certificate,
      name,
      hosts: [name],
    })),
  ];
  for (const { holder, file, ...subject } of places) {
    const known = renew ? undefined : await folder.read(holder, file);
    if (known !== undefined && isCurrent(known, authority, subject.hosts)) continue;
    const issued = await issueCertificate(authority, { ...subject, validForMs });
    await folder.write(holder, file, join(issued));
  }
  await folder.write(serverHolder, serverFiles.authority, authority.certificate);
  for (const client of Object.keys(temporalRoles)) {
    await folder.write(client, clientFiles.authority, authority.certificate);
  }
  await createInternode(folder);
}

/** The name in the certificate of the server's own parts. */
const internodeName = "temporal-internode";

/** Creates the certificate of the server's own parts once: a server that runs trusts this one alone. */
async function createInternode(folder: SecretsFolder): Promise<void> {
  if ((await folder.read(serverHolder, serverFiles.internode)) !== undefined) return;
  const subject = { name: internodeName, hosts: [internodeName], validForMs: authorityValidForMs };
  const authority = await generateAuthority("Fanfare Temporal internode", authorityValidForMs);
  const issued = await issueCertificate(authority, subject);
  await folder.write(
    serverHolder,
    serverFiles.internode,
    `${join(issued)}${authority.certificate}`,
  );
}

async function openAuthority(folder: SecretsFolder): Promise<Certificate> {
  const [certificate, key] = [
    await folder.read(authorityHolder, "ca.crt"),
    await folder.read(authorityHolder, "ca.key"),
  ];
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  const authority = await generateAuthority("Fanfare Temporal", authorityValidForMs);
  await folder.write(authorityHolder, "ca.key", authority.key);
  await folder.write(authorityHolder, "ca.crt", authority.certificate);
  return authority;
}

function isCurrent(pem: string, authority: Certificate, hosts: readonly string[]): boolean {
  const certificate = new X509Certificate(pem);
  return (
    certificate.verify(new X509Certificate(authority.certificate).publicKey) &&
    Date.parse(certificate.validTo) - Date.now() > renewBeforeMs &&
    hosts.every((host) =>
      isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host),
    )
  );
}

/** One file changes in one step. */
function join({ certificate, key }: Certificate): string {
  return `${certificate}${key}`;
}
