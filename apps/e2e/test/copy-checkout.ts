import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { root } from "./deploy/repository.ts";

/** A copy of this checkout, with the packages of the original installed. Disposing it removes it. */
export interface CheckoutCopy extends AsyncDisposable {
  readonly folder: string;
}

const skipped = new Set([".git", ".turbo", ".fanfare", ".vite", ".bin", "dist", "histories"]);

/** Copies what the checkout consists of. The installed packages are links to those of the original. */
export async function copyCheckout(): Promise<CheckoutCopy> {
  const folder = await mkdtemp(join(tmpdir(), "fanfare-checkout-"));
  const installed = join(root, "node_modules");
  await cp(root, folder, {
    recursive: true,
    // Links between packages are relative, and lead to their copies.
    verbatimSymlinks: true,
    filter: (source) => source !== installed && !skipped.has(basename(source)),
  });
  await symlink(installed, join(folder, "node_modules"));
  return {
    folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
