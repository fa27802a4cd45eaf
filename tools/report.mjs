/**
 * createReport tells on stderr what the preflight found or did, a line for each thing with the time
 * that it took, so that stdout stays with the command. A quiet one leaves out what was found.
 */
export function createReport({ quiet = false, write = (text) => process.stderr.write(text) } = {}) {
  const line = (name, text) => write(`  ${name.padEnd(12)} ${text}\n`);
  return {
    found: (name, what) => {
      if (!quiet) line(name, what);
    },
    /** Does what may take long, and tells when it begins, every 15 s, and when it is done. */
    async doing(name, what, work) {
      const began = performance.now();
      const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
      line(name, `${what} …`);
      const timer = setInterval(() => line(name, `${what} … ${seconds()}`), 15_000);
      try {
        const result = await work();
        line(name, `${what}: done in ${seconds()}`);
        return result;
      } finally {
        clearInterval(timer);
      }
    },
  };
}
