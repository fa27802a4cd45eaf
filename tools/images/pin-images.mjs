import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findImages, writeDigests } from "./find-images.mjs";
import { resolveDigest } from "./resolve-digest.mjs";

/** The files with public images, by their paths from the root. */
export const imageFiles = ["docker-compose.yml", "deploy/compose/cluster.yml", "Dockerfile"];

/**
 * Writes the current digest of each public image behind its tag. Resolves to the digests by image. Writes
 * nothing when one of them cannot be resolved.
 */
export async function pinImages(root, options = {}) {
  const texts = new Map(imageFiles.map((path) => [path, readFileSync(join(root, path), "utf8")]));
  const images = new Set([...texts.values()].flatMap(findImages));
  const digests = new Map();
  for (const image of images) digests.set(image, await resolveDigest(image, options));
  for (const [path, text] of texts) {
    const pinned = writeDigests(text, digests);
    if (pinned !== text) writeFileSync(join(root, path), pinned);
  }
  return digests;
}
