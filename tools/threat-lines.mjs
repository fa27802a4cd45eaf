/**
 * Checks the tables of a page whose last column is `tests`. Each row names at least one test, as a link to its
 * file and its title: `[page](../src/page.test.ts) "refuses a stranger"; "refuses a rider"`. Returns a sentence
 * for each row without a test, and for each test that does not exist or is skipped.
 */
export function findMissingTests(page, readSource) {
  const problems = [];
  let isChecked = false;
  for (const [index, line] of page.split("\n").entries()) {
    if (!line.startsWith("|")) isChecked = false;
    const cell = line.split("|").at(-2)?.trim() ?? "";
    if (isChecked && !/^-+$/.test(cell)) {
      problems.push(
        ...checkCell(cell, readSource).map((problem) => `line ${index + 1}: ${problem}`),
      );
    }
    if (line.startsWith("|") && cell === "tests") isChecked = true;
  }
  return problems;
}

function checkCell(cell, readSource) {
  const named = Array.from(cell.matchAll(/\[[^\]]*\]\(([^)]+)\)|"([^"]+)"/g));
  const titles = named.filter(([, , title]) => title !== undefined);
  if (titles.length === 0) return ["the row names no test"];
  const problems = [];
  let file;
  let known = new Set();
  for (const [, link, title] of named) {
    if (link !== undefined) {
      file = link;
      const source = readSource(link);
      if (source === undefined) problems.push(`${link} does not exist`);
      known = listTitles(source ?? "");
    } else if (file === undefined) problems.push(`the file of "${title}" is missing before it`);
    else if (!known.has(title)) problems.push(`${file} has no test "${title}"`);
  }
  return problems;
}

/**
 * Returns the titles of the tests and of their groups in a file: the texts that are the first argument of a call.
 * Leaves out those that are skipped or in a comment.
 */
export function listTitles(source) {
  const code = source.replace(/^\s*\/\/.*$/gm, "");
  const calls = code.matchAll(/(\.skip|\.todo)?\(\s*"((?:[^"\\]|\\.)*)"\s*,/g);
  return new Set(
    Array.from(calls).flatMap(([, skipped, title]) =>
      skipped === undefined ? [JSON.parse(`"${title}"`)] : [],
    ),
  );
}
