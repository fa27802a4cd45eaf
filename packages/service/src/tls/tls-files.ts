import { readFileSync, statSync } from "node:fs";
import type { SecureContextOptions } from "node:tls";
import { createSecureContext } from "node:tls";
import { formatReason } from "../process/format-reason.ts";

/** The files of a TLS server or client, in PEM. They are read again when they change. */
export interface TlsFiles {
  /** The certificate of this process, followed by those of intermediate authorities. */
  readonly certFile?: string | undefined;
  /** The private key of the certificate. */
  readonly keyFile?: string | undefined;
  /** The authorities that the other side is checked against. Default: those of Node.js. */
  readonly caFile?: string | undefined;
}

/** The contents of the files, as `node:tls` takes them. */
export type TlsMaterial = Pick<SecureContextOptions, "cert" | "key" | "ca">;

/** Reads the files of a TLS server or client. */
export interface TlsReader {
  /**
   * Returns the contents of the files: the same object until they change. While a file is missing or
   * invalid, or the key does not match the certificate, it returns the last valid contents.
   */
  read(): TlsMaterial;
}

/**
 * Opens the files. Throws with the file and the reason when one cannot be read or is invalid, and when a
 * certificate has no key.
 */
export function openTlsFiles(files: TlsFiles): TlsReader {
  let last = readFiles(files);
  return {
    read() {
      try {
        const version = readVersion(files);
        if (version !== last.version) last = readFiles(files);
      } catch {
        // The files are being replaced.
      }
      return last.material;
    },
  };
}

function readFiles(files: TlsFiles): { version: string; material: TlsMaterial } {
  const { certFile, keyFile, caFile } = files;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new Error(
      `expected a certificate and its key, got ${certFile ?? keyFile} alone: name both files or none`,
    );
  }
  // The version is read first: a file that changes meanwhile is read again.
  const version = readVersion(files);
  const material = {
    ...(certFile === undefined ? {} : { cert: readFrom(certFile, readBytes) }),
    ...(keyFile === undefined ? {} : { key: readFrom(keyFile, readBytes) }),
    ...(caFile === undefined ? {} : { ca: readFrom(caFile, readBytes) }),
  };
  try {
    createSecureContext(material);
  } catch (error) {
    throw new Error(
      `the TLS files ${listPaths(files).join(", ")} do not fit together: ${formatReason(error)}`,
      { cause: error },
    );
  }
  return { version, material };
}

/** Calls `read` with the path, and names the file in its error. */
function readFrom<T>(path: string, read: (path: string) => T): T {
  try {
    return read(path);
  } catch (error) {
    throw new Error(`the TLS file ${path} cannot be read: ${formatReason(error)}`, {
      cause: error,
    });
  }
}

const readBytes = (path: string): Buffer => readFileSync(path);

function readVersion(files: TlsFiles): string {
  return listPaths(files)
    .map((path) => {
      const { mtimeMs, size, ino } = readFrom(path, (file) => statSync(file));
      return `${mtimeMs}/${size}/${ino}`;
    })
    .join(" ");
}

function listPaths({ certFile, keyFile, caFile }: TlsFiles): string[] {
  return [certFile, keyFile, caFile].filter((path) => path !== undefined);
}
