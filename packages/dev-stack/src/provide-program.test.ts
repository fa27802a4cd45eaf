import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listenOnFreePort } from "../test/listen.ts";
import { natsServer } from "./programs.ts";
import { provideProgram } from "./provide-program.ts";

const run = promisify(execFile);
const closed = "http://127.0.0.1:1";
let folder: string;
let env: { PATH: string; FANFARE_CACHE: string };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
  await mkdir(join(folder, "bin"));
  env = { PATH: `${join(folder, "bin")}:/usr/bin:/bin`, FANFARE_CACHE: join(folder, "cache") };
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function onPath(name: string, script: string): Promise<string> {
  const file = join(folder, "bin", name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

/** Serves a release folder, with the checksum given or the correct one. */
async function release(checksum?: string): Promise<AsyncDisposable & { url: string }> {
  await mkdir(join(folder, "release"));
  await writeFile(join(folder, "release", "nats-server"), "#!/bin/sh\necho downloaded\n");
  const tarball = join(folder, "release.tar.gz");
  await run("tar", ["-czf", tarball, "-C", folder, "release"]);
  const bytes = await readFile(tarball);
  const name = natsServer.release?.archive(
    process.platform,
    process.arch === "x64" ? "amd64" : "arm64",
  );
  const sum = checksum ?? createHash("sha256").update(bytes).digest("hex");
  const server = createServer((request, response) => {
    response.end(request.url?.endsWith("SHA256SUMS") ? `${sum}  ${name}\n` : bytes);
  });
  return await listenOnFreePort(server);
}

/** A go that builds a program whose modules have these hashes, by default the right ones. */
function createGo({ own = natsServer.source.hash, other = "h1:jwt=" } = {}): string {
  return `
folder="$GOMODCACHE/github.com/nats-io/nats-server/v2@v2.15.2"
case "$1" in
  install)
    mkdir -p "$GOBIN" "$folder"
    echo "example.com/jwt v1.0.0 h1:jwt=" > "$folder/go.sum"
    echo "$*" > "$GOBIN/nats-server" ;;
  version)
    printf '%s: go1.26\\n\\tpath\\tgithub.com/nats-io/nats-server/v2\\n' "$3"
    printf '\\tmod\\tgithub.com/nats-io/nats-server/v2\\tv2.15.2\\t${own}\\n'
    printf '\\tdep\\texample.com/jwt\\tv1.0.0\\t${other}\\n' ;;
esac`;
}

describe("provideProgram()", () => {
  it("takes a program on PATH that is new enough", async () => {
    const file = await onPath("nats-server", "echo 'nats-server: v2.11.0'");
    expect(await provideProgram(natsServer, { env })).toBe(file);
  });

  it("skips one that is too old and downloads the pinned release once", async () => {
    await onPath("nats-server", "echo 'nats-server: v2.9.10'");
    await using server = await release();
    const lines: string[] = [];
    const options = { env, folderUrl: server.url, progress: (line: string) => lines.push(line) };
    const files = await Promise.all([1, 2, 3].map(() => provideProgram(natsServer, options)));
    expect(new Set(files)).toEqual(
      new Set([join(env.FANFARE_CACHE, "bin", "nats-server-2.15.2", "nats-server")]),
    );
    expect((await run(files[0] ?? "", [])).stdout).toBe("downloaded\n");
    expect(lines).toEqual([
      "downloading nats-server 2.15.2 …",
      expect.stringMatching(/^downloading nats-server 2.15.2: done in \d+ s$/),
    ]);
    expect(await readdir(env.FANFARE_CACHE)).toEqual(["bin"]);
  });

  it("rejects a download whose checksum differs", async () => {
    await onPath("go", "echo 'no network' >&2; exit 1");
    await using server = await release("0".repeat(64));
    await expect(provideProgram(natsServer, { env, folderUrl: server.url })).rejects.toThrow(
      /expected .* with the SHA-256 0000.*, got /,
    );
    expect(await readdir(join(env.FANFARE_CACHE, "bin"))).toEqual([]);
  });

  it("builds with go where downloads are blocked, and leaves nothing else behind", async () => {
    await onPath("go", createGo());
    const file = await provideProgram(natsServer, { env, folderUrl: closed });
    expect(await readFile(file, "utf8")).toBe(
      "install -ldflags -s -w github.com/nats-io/nats-server/v2@v2.15.2\n",
    );
    expect(await readdir(env.FANFARE_CACHE)).toEqual(["bin"]);
    expect(await readdir(join(env.FANFARE_CACHE, "bin"))).toEqual(["nats-server-2.15.2"]);
  });

  it.each([
    { what: "itself", hashes: { own: "h1:other=" }, message: /hash h1:yLsg.*, got h1:other=/ },
    { what: "a dependency", hashes: { other: "h1:no=" }, message: /jwt v1.0.0 as in .*got h1:no=/ },
  ])("rejects a build with another module for $what than the pinned one", async (row) => {
    await onPath("go", createGo(row.hashes));
    await expect(provideProgram(natsServer, { env, folderUrl: closed })).rejects.toThrow(
      row.message,
    );
    expect(await readdir(join(env.FANFARE_CACHE, "bin"))).toEqual([]);
  });

  it("removes what an interrupted build left behind", async () => {
    await onPath("go", createGo());
    await mkdir(join(env.FANFARE_CACHE, "nats-server-2.15.2-new-abc", "build"), {
      recursive: true,
    });
    await provideProgram(natsServer, { env, folderUrl: closed });
    expect(await readdir(env.FANFARE_CACHE)).toEqual(["bin"]);
  });

  it("names in one line what is missing and what to do", async () => {
    await onPath("go", "echo 'no network' >&2; exit 1");
    await expect(provideProgram(natsServer, { env, folderUrl: closed })).rejects.toThrow(
      /^nats-server \(2.11 or newer\) is missing, cannot be downloaded \(.*\) and cannot be built \(go install failed: no network\): install it or Go, or name a running server in NATS_URL$/,
    );
  });
});
