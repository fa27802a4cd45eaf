import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectNats } from "@fanfare/bus-nats";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import { type CertificateFiles, createAuthority } from "@fanfare/dev-stack";
import { rotateSecrets } from "@fanfare/secrets";
import { type AppName, appNames, hasDatabase, mapReactors } from "@fanfare/topology";
import type { TemporalTls } from "@fanfare/trip-contract/temporal";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectTemporal } from "../connect-temporal.ts";
import { type Stack, startStack } from "../stack/stack.ts";
import { createTerminal } from "../terminal.ts";
import { connectTo } from "../trip/trips-client.ts";
import { runDemo } from "./demo.ts";
import { stories } from "./stories.ts";

describe("a stack with --tls", { timeout: 240_000 }, () => {
  const opened = new AsyncDisposableStack();
  let stack: Stack;
  let secretsFolder: string;
  let ours: CertificateFiles;
  let foreign: CertificateFiles;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "fanfare-tls-"));
    opened.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    secretsFolder = join(folder, "secrets");
    stack = opened.use(
      await startStack({
        logFolder: join(folder, "logs"),
        secretsFolder,
        tls: true,
        progress: () => {},
        signal: new AbortController().signal,
      }),
    );
    const tls = join(secretsFolder, "tls");
    ours = {
      caFile: join(tls, "ca.crt"),
      certFile: join(tls, "operator.crt"),
      keyFile: join(tls, "operator.key"),
    };
    const authority = await createAuthority(join(folder, "theirs"));
    foreign = { ...(await authority.issue("operator")), caFile: ours.caFile };
  }, 240_000);
  afterAll(() => opened.disposeAsync());

  it("plays every story", async () => {
    const { system, nats, keys, tls } = stack;
    const urls = {
      trips: system.app("trips").url,
      riders: system.app("riders").url,
      ...mapReactors(({ name }) => system.app(name).url),
    };
    const { trips, problems } = await runDemo(
      { urls, nats, keys, tls },
      { terminal: createTerminal(process.stderr), signal: AbortSignal.timeout(200_000) },
    );
    expect(problems).toEqual([]);
    expect(trips).toHaveLength(stories.length);
  });

  it("encrypted: the edge accepts only TLS, from riders without a certificate", async () => {
    const { url } = stack.system.app("trips");
    expect(await readCode({ url, tls: { caFile: ours.caFile } })).toContain("unauthenticated");
    const plain = url.replace("https:", "http:");
    expect(await readCode({ url: plain })).not.toContain("unauthenticated");
    expect(await readCode({ url })).toContain("unavailable");
  });

  it("encrypted: services refuse callers without a certificate, and with a foreign one", async () => {
    const { system } = stack;
    expect(await readCode({ url: system.registryUrl, tls: ours })).toContain("unimplemented");
    const urls = [system.registryUrl, system.app("fleet").url, system.app("revenue").url];
    for (const url of urls) {
      for (const tls of [{ caFile: ours.caFile }, foreign]) {
        expect(await readCode({ url, tls })).toContain("unavailable");
      }
      const plain = url.replace("https:", "http:");
      expect(await readCode({ url: plain })).not.toContain("unimplemented");
    }
  });

  it("encrypted: NATS refuses plain connections and foreign certificates", async () => {
    expect(await connectsToNats(stack, { caFile: ours.caFile })).toBe(false);
    expect(await connectsToNats(stack, foreign)).toBe(false);
    expect(await connectsToNats(stack)).toBe(false);
  });

  it("encrypted: PostgreSQL refuses plain connections and foreign certificates", async () => {
    const file = stack.system.app("fleet").env["DATABASE_URL_FILE"] ?? "";
    const url = new URL(await readFile(file, "utf8"));
    expect(await connectToPostgres(url)).toBe("connected");
    const theirs = new URL(url);
    theirs.searchParams.set("sslcert", foreign.certFile);
    theirs.searchParams.set("sslkey", foreign.keyFile);
    expect(await connectToPostgres(theirs)).not.toBe("connected");
    url.search = "";
    expect(await connectToPostgres(url)).toContain("no pg_hba.conf entry");
  });

  it("rotates the passwords of the databases, and keeps the certificate of each app", async () => {
    const { system } = stack;
    const readUrl = async (name: AppName) =>
      new URL(await readFile(system.app(name).env["DATABASE_URL_FILE"] ?? "", "utf8"));
    const names = appNames.filter(hasDatabase);
    const earlier = await Promise.all(names.map(readUrl));
    await rotateSecrets(secretsFolder, "postgres", { report: () => {}, timeoutMs: 60_000 });
    for (const [index, name] of names.entries()) {
      const url = await readUrl(name);
      expect(url.username).not.toBe(earlier[index]?.username);
      expect(url.search).toBe(earlier[index]?.search);
      expect(url.searchParams.get("sslcert")).toContain(`/${name}.crt`);
      expect(await connectToPostgres(url)).toBe("connected");
    }
  });

  it("encrypted: Temporal refuses plain connections and foreign certificates", async () => {
    const { address, namespace } = stack.servers.temporal;
    const timeoutMs = 2_000;
    const connection = await connectTemporal({ address, namespace, tls: await readTls(ours) });
    await connection.close();
    const refused = [{}, { tls: await readTls(foreign) }].map((tls) =>
      connectTemporal({ address, namespace, ...tls }, { timeoutMs }),
    );
    for (const connecting of refused) await expect(connecting).rejects.toThrow(/./);
  });
});

/** Calls a service without a token, and returns its refusal. */
async function readCode(address: {
  url: string;
  tls?: Partial<CertificateFiles>;
}): Promise<string> {
  using connection = connectTo(TripsService, { ...address, token: "none" });
  return await connection.client.listTrips({}).then(() => "answered", String);
}

async function connectsToNats(
  { servers }: Stack,
  tls?: Partial<CertificateFiles>,
): Promise<boolean> {
  await using bus = await connectNats({
    servers: servers.nats.url,
    source: "//test",
    connectTimeoutMs: 500,
    ...(tls && { tls }),
  });
  return bus.health().connected;
}

async function readTls({ caFile, certFile, keyFile }: CertificateFiles): Promise<TemporalTls> {
  return {
    serverRootCACertificate: await readFile(caFile),
    clientCertPair: { crt: await readFile(certFile), key: await readFile(keyFile) },
  };
}

async function connectToPostgres(url: URL): Promise<string> {
  const client = new Client({ connectionString: url.href, connectionTimeoutMillis: 3_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return "connected";
  } catch (error) {
    return String(error);
  } finally {
    await client.end();
  }
}
