import { describe, expect, it } from "vitest";
import { type Manifest, renderManifests } from "./render-manifests.ts";
import { validateManifests } from "./validate-manifests.ts";

describe("validateManifests()", async () => {
  const [deployment] = (await renderManifests("deploy/kubernetes")).filter(
    ({ kind, metadata }) => kind === "Deployment" && metadata.name === "trips",
  );
  const validate = async (change: (text: string) => string): Promise<string | undefined> => {
    const changed: Manifest = JSON.parse(change(JSON.stringify(deployment)));
    return (await validateManifests([changed])).get(`${changed.kind} trips`);
  };

  it("reports an unknown field at any depth", async () => {
    const error = await validate((text) => text.replace("readinessProbe", "readynessProbe"));
    expect(error).toContain("/spec/template/spec/containers/0");
    expect(error).toContain("'readynessProbe'");
    expect(await validate((text) => text.replace('"spec"', '"specs"'))).toContain("'specs'");
  });

  it("reports a value of the wrong type, and a kind without a schema", async () => {
    const error = await validate((text) => text.replace('"replicas":2', '"replicas":"two"'));
    expect(error).toContain("/spec/replicas");
    expect(await validate((text) => text.replace('"Deployment"', '"Deploiment"'))).toContain(
      "could not find schema for Deploiment",
    );
  });
});
