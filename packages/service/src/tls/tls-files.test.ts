import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Authority, type CertificateFiles, createAuthority } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTlsFiles } from "./tls-files.ts";

async function readMaterial({ caFile, certFile, keyFile }: CertificateFiles) {
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map((f) => readFile(f)));
  return { ca, cert, key };
}

describe("openTlsFiles()", () => {
  let folder: string;
  let authority: Authority;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tls-"));
    authority = await createAuthority(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("rotation: returns new contents once certificate and key fit together", async () => {
    const files = await authority.issue("app");
    const reader = openTlsFiles(files);
    const before = await readMaterial(files);
    const first = reader.read();
    expect(first).toEqual(before);
    expect(reader.read()).toBe(first);

    await authority.issue("app");
    const after = await readMaterial(files);
    await writeFile(files.keyFile, before.key ?? "");
    expect(reader.read()).toEqual(before);
    await rm(files.certFile);
    expect(reader.read()).toEqual(before);
    await writeFile(files.certFile, "not yet");
    expect(reader.read()).toEqual(before);
    await writeFile(files.certFile, after.cert ?? "");
    await writeFile(files.keyFile, after.key ?? "");
    expect(reader.read()).toEqual(after);
  });

  it("names the file that is missing, and files that do not fit together", async () => {
    const files = await authority.issue("one");
    const other = await authority.issue("other");
    expect(() => openTlsFiles({ ...files, certFile: join(folder, "none.crt") })).toThrow(
      /^the TLS file .*none\.crt cannot be read: .*ENOENT/,
    );
    expect(() => openTlsFiles({ ...files, keyFile: other.keyFile })).toThrow(
      /^the TLS files .*one\.crt, .*other\.key, .*ca\.crt do not fit together: .*mismatch/,
    );
    expect(() => openTlsFiles({ certFile: files.certFile })).toThrow(
      /^expected a certificate and its key, got .*one\.crt alone: name both files or none$/,
    );
  });
});
