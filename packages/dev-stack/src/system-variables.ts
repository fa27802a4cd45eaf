/** What a program finds its files and its user with. */
const names = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "LANG",
  "TZ",
  "TMPDIR",
  "LD_LIBRARY_PATH",
] as const;

/**
 * Returns the variables that every program gets. It gets no others: another user may run it, and who reads
 * its environment would read the secrets of the shell.
 */
export function selectSystemVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
}
