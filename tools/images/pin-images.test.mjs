import { createHash } from "node:crypto";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { imageFiles, pinImages } from "./pin-images.mjs";
import { parseImage, resolveDigest } from "./resolve-digest.mjs";

const root = new URL("../..", import.meta.url).pathname;
const sha256 = (text) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** A registry of images on loopback, which demands a token. `answer` may replace its answers. */
let server;
let mirror;
let answer;
let requests;
beforeEach(async () => {
  answer = undefined;
  requests = [];
  server = createServer((request, response) => {
    const url = new URL(request.url, mirror);
    requests.push(`${url.pathname}${url.search}`);
    if (answer?.(request, response, url)) return;
    if (url.pathname === "/token") response.end('{ "token": "t" }');
    else if (request.headers.authorization === "Bearer t") {
      const list = `list of ${url.pathname}`;
      const wanted = request.headers.accept.includes("oci.image.index") ? list : "one platform";
      response.writeHead(200, { "docker-content-digest": sha256(wanted) });
      response.end(wanted);
    } else {
      const challenge = `Bearer realm="${mirror}/token",service="registry",scope="repository:x:pull"`;
      response.writeHead(401, { "www-authenticate": challenge });
      response.end();
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  mirror = `http://127.0.0.1:${server.address().port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

describe("pinImages()", () => {
  let folder;
  const read = async () =>
    await Promise.all(imageFiles.map((path) => readFile(join(folder, path), "utf8")));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
    for (const path of imageFiles) await cp(join(root, path), join(folder, path));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("writes the digest of every public image behind its tag", async () => {
    const digests = await pinImages(folder, { mirror });
    const postgres = sha256("list of /v2/library/postgres/manifests/17-alpine");
    expect(digests.get("postgres:17-alpine")).toBe(postgres);
    expect(digests.size).toBeGreaterThan(6);
    const texts = (await read()).join("\n");
    expect(texts).toContain(`image: postgres:17-alpine@${postgres}\n`);
    expect(texts).toMatch(/^FROM node:24-bookworm-slim@sha256:[0-9a-f]{64} AS packages$/m);
    expect(texts).toMatch(/^# syntax=docker\/dockerfile:1@sha256:[0-9a-f]{64}$/m);
    const lines = texts.match(/^(\s*image: |FROM |# syntax=).*$/gm) ?? [];
    const rest = lines.filter((line) => !line.includes("@sha256:"));
    // The image of this repository, and a stage that is built on an earlier one.
    expect(rest.filter((line) => !/FANFARE_IMAGE|FROM packages/.test(line))).toEqual([]);
  });

  it("replaces a digest that is there", async () => {
    await pinImages(folder, { mirror });
    const first = await read();
    await pinImages(folder, { mirror });
    expect(await read()).toEqual(first);
  });

  it.each([
    { what: "has no such tag", status: 404, message: /has no image .*: correct its name or tag/ },
    { what: "limits the rate", status: 429, message: /answered 429 for .*: try again later/ },
    { what: "fails", status: 503, message: /answered 503 for .*: try again later/ },
  ])("leaves the files as they are when the registry $what", async ({ status, message }) => {
    const before = await read();
    answer = (_, response, url) =>
      url.pathname.includes("temporalio") && Boolean(response.writeHead(status).end());
    const waits = [];
    const wait = async (ms) => void waits.push(ms);
    await expect(pinImages(folder, { mirror, wait })).rejects.toThrow(message);
    expect(await read()).toEqual(before);
    expect(waits).toEqual(status === 404 ? [] : [1000, 2000, 4000]);
  });

  it("leaves the files as they are when no registry answers", async () => {
    const before = await read();
    const closed = "http://127.0.0.1:1";
    await expect(pinImages(folder, { mirror: closed })).rejects.toThrow(
      /cannot be reached \(.+\): pin where a registry .* answers; the files work with tags alone/,
    );
    expect(await read()).toEqual(before);
  });
});

describe("resolveDigest()", () => {
  it("requests a token of the scope that the registry names", async () => {
    await resolveDigest("nats:2.15-alpine", { mirror });
    expect(requests).toEqual([
      "/v2/library/nats/manifests/2.15-alpine",
      "/token?service=registry&scope=repository%3Ax%3Apull",
      "/v2/library/nats/manifests/2.15-alpine",
    ]);
  });

  it("waits as long as the registry requests, and not longer than a minute", async () => {
    const waits = [];
    const wait = async (ms) => void waits.push(ms);
    const after = ["7", "61"];
    answer = (_, response) =>
      after.length > 0 && Boolean(response.writeHead(429, { "retry-after": after.shift() }).end());
    await expect(resolveDigest("nats:2", { mirror, wait })).rejects.toThrow("answered 429");
    expect(waits).toEqual([7000]);
  });

  it("refuses a manifest that its digest does not name", async () => {
    answer = (_, response) =>
      Boolean(response.writeHead(200, { "docker-content-digest": sha256("a") }).end("b"));
    await expect(resolveDigest("nats:2", { mirror })).rejects.toThrow(/with the digest sha256:/);
  });

  it("refuses a registry that demands a login or sends no token", async () => {
    answer = (_, response) =>
      Boolean(response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end());
    await expect(resolveDigest("nats:2", { mirror })).rejects.toThrow("demands a login");
    answer = (_, response, url) =>
      url.pathname === "/token" && Boolean(response.writeHead(403).end("no"));
    await expect(resolveDigest("nats:2", { mirror })).rejects.toThrow("403 without a token");
    answer = (_, response, url) => url.pathname === "/token" && Boolean(response.end("<html>"));
    await expect(resolveDigest("nats:2", { mirror })).rejects.toThrow("200 without a token");
  });

  it("refuses an endless answer", async () => {
    answer = (_, response) => Boolean(response.writeHead(200).end("x".repeat(5 * 1024 * 1024)));
    await expect(resolveDigest("nats:2", { mirror })).rejects.toThrow("more than 4 MiB");
  });
});

describe("parseImage()", () => {
  it("returns the registry, repository and tag that Docker would use", () => {
    expect(parseImage("postgres:17-alpine")).toEqual({
      registry: "https://registry-1.docker.io",
      repository: "library/postgres",
      tag: "17-alpine",
    });
    expect(parseImage("temporalio/server:1.32.1").repository).toBe("temporalio/server");
    expect(parseImage("ghcr.io/a/b:1")).toEqual({
      registry: "https://ghcr.io",
      repository: "a/b",
      tag: "1",
    });
  });
});
