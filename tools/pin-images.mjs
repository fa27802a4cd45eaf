// Writes the digests of the public images into the compose files and the Dockerfile:
// npm run images:pin [-- --mirror https://mirror.example.com], which replaces Docker Hub.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { pinImages } from "./images/pin-images.mjs";
import { UserError } from "./user-error.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

try {
  const { values } = parseArgs({ options: { mirror: { type: "string" } } });
  for (const [image, digest] of await pinImages(root, values)) {
    process.stdout.write(`${image}  ${digest}\n`);
  }
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
