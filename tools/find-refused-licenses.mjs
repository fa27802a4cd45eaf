/** The licences, by their SPDX identifiers, under which this project may ship a package. */
const accepted = new Set(
  "0BSD Apache-2.0 BSD-2-Clause BSD-3-Clause BlueOak-1.0.0 ISC MIT Unlicense".split(" "),
);

/** The packages that are accepted by name, each with what its manifest states and why it is accepted. */
const exceptions = new Map([
  // Its manifest names no licence; its file LICENSE is the Unlicense.
  ["unionfs", ""],
  // Data about browsers, unchanged and named in the SBOM, as its licence requires.
  ["caniuse-lite", "CC-BY-4.0"],
]);

/** Returns a line for each CycloneDX component without a licence of the list. */
export function findRefusedLicenses(components) {
  return components
    .map(({ group, name, version, licenses = [] }) => ({
      name,
      what: `${group === undefined ? "" : `${group}/`}${name}@${version}`,
      licenses: licenses.map(({ license, expression }) => expression ?? license.id ?? license.name),
    }))
    .filter(({ name, licenses }) => exceptions.get(name) !== licenses.join(", "))
    .filter(({ licenses }) => licenses.length === 0 || !licenses.every(isAccepted))
    .map(({ what, licenses }) => `${what} has the licence ${licenses.join(", ") || "(none)"}`);
}

/** Of `A OR B` one has to be accepted, of `A AND B` both. Anything else in an expression is refused. */
function isAccepted(expression) {
  const plain = expression.replace(/^\((.*)\)$/, "$1");
  if (plain.includes(" OR ") && plain.includes(" AND ")) return false;
  if (plain.includes(" OR ")) return plain.split(" OR ").some((id) => accepted.has(id));
  return plain.split(" AND ").every((id) => accepted.has(id));
}
