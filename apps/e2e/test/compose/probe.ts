import { z } from "zod";
import { type Compose, docker } from "./compose.ts";
import { listenerImage } from "./listeners.ts";

/** An address that an attacker tries. */
export interface Target {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

const script = `
const { connect } = require("node:net");
const probe = ({ host, port }) =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (open) => { socket.destroy(); resolve(open); };
    socket.setTimeout(2000, () => end(false));
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
const targets = JSON.parse(process.argv[1]);
Promise.all(targets.map(probe)).then((open) => console.log(JSON.stringify(open)));
`;

/** Opens a TCP connection to each target from a service's container, and returns the names that accept. */
export async function probeFromService(
  { compose }: Compose,
  service: string,
  targets: readonly Target[],
): Promise<readonly string[]> {
  const probe = ["node", "--eval", script, JSON.stringify(targets)];
  return readOpen(await compose("exec", "-T", service, ...probe), targets);
}

/** Opens a TCP connection to each target from a new container on a network of the engine. */
export async function probeFromNetwork(
  network: string,
  targets: readonly Target[],
): Promise<readonly string[]> {
  const container = ["run", "--rm", "--network", network, "--entrypoint=node", listenerImage];
  return readOpen(await docker([...container, "--eval", script, JSON.stringify(targets)]), targets);
}

function readOpen(output: string, targets: readonly Target[]): readonly string[] {
  const open = z.array(z.boolean()).parse(JSON.parse(output));
  return [...new Set(targets.filter((_, i) => open[i]).map(({ name }) => name))].toSorted();
}

const inspected = z.array(
  z.object({
    Config: z.object({ Labels: z.record(z.string(), z.string()) }),
    NetworkSettings: z.object({
      Networks: z.record(z.string(), z.object({ IPAddress: z.string() })),
    }),
  }),
);

/** Returns the addresses of each running service of a project, one for each of its networks. */
export async function listAddresses(
  project: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const filter = `label=com.docker.compose.project=${project}`;
  const ids = await docker(["ps", "--quiet", "--filter", filter]);
  const all = inspected.parse(JSON.parse(await docker(["inspect", ...ids.split("\n")])));
  return new Map(
    all.map(({ Config, NetworkSettings }) => [
      Config.Labels["com.docker.compose.service"] ?? "",
      Object.values(NetworkSettings.Networks).map((one) => one.IPAddress),
    ]),
  );
}
