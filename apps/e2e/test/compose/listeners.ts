import { writeFile } from "node:fs/promises";

const script = `
const { createServer } = require("node:net");
for (const port of process.env.LISTEN.split(",")) createServer((socket) => socket.end()).listen(Number(port));
`;

/** The image of a listener, which has Node. */
export const listenerImage = "node:24-bookworm-slim";

/**
 * Writes a compose file that runs, in place of each service, a process that only listens on its ports. The
 * services keep their networks.
 */
export async function writeListeners(
  file: string,
  ports: ReadonlyMap<string, readonly number[]>,
): Promise<void> {
  const services = [...ports].map(([name, listened]) => [
    name,
    {
      image: listenerImage,
      entrypoint: ["node", "--eval", script],
      environment: { LISTEN: listened.join(",") },
      user: "1000:1000",
      working_dir: "/",
      healthcheck: { test: ["CMD", "true"] },
    },
  ]);
  await writeFile(file, JSON.stringify({ services: Object.fromEntries(services) }));
}
