// Fails when a package that ships has a licence that is not on the list of tools/find-refused-licenses.mjs.
import { findRefusedLicenses } from "./find-refused-licenses.mjs";
import { listComponents } from "./list-components.mjs";

const components = await listComponents();
const refused = findRefusedLicenses(components);
if (components.length < 50)
  refused.push(`expected more than 50 packages, got ${components.length}`);
if (refused.length > 0) {
  console.error(refused.join("\n"));
  console.error("Replace these packages, or add the licence to the list if its terms can be met.");
  process.exitCode = 1;
}
