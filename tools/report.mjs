/**
 * Creates a report of the preflight, which writes a line for each result to stderr; stdout carries the
 * output of the command alone. A quiet report omits what was found.
 */
export function createReport({ quiet = false, write = (text) => process.stderr.write(text) } = {}) {
  const line = (name, text) => write(`  ${name.padEnd(12)} ${text}\n`);
  return {
    /** Reports something that is ready already. */
    found: (name, what) => {
      if (!quiet) line(name, what);
    },
    /** Runs work that may take long, and reports its start, every 15 s of it, and its end. */
    async track(name, what, work) {
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
