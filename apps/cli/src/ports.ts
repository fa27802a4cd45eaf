import { isPortFree } from "@fanfare/dev-stack";
import { appPorts } from "@fanfare/topology";
import { CliError } from "./cli-error.ts";
import { findPortHolders } from "./find-port-holders.ts";

/** usualPorts are where people expect things; PostgreSQL's own 5432 is often taken. */
export const defaultPorts = {
  temporal: 7233,
  temporalUi: 8233,
  nats: 4222,
  postgres: 5433,
  ...appPorts,
};

export type Ports = Readonly<Record<keyof typeof defaultPorts, number>>;

/** choosePorts changes some of the usual ports, each given as name=port. */
export function choosePorts(choices: readonly string[]): Ports {
  const ports: Record<keyof Ports, number> = { ...defaultPorts };
  for (const choice of choices) {
    const [name = "", port = ""] = choice.split("=");
    if (!isName(name)) {
      const names = Object.keys(defaultPorts).join(", ");
      throw new CliError(`There is no port named "${name}": it is one of ${names}`);
    }
    if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
      throw new CliError(`"${choice}" is no port: write ${name}=${defaultPorts[name] + 10_000}`);
    }
    ports[name] = Number(port);
  }
  return ports;
}

/** requireFree rejects with each port that is in use, by what, and how to choose another. */
export async function checkPortsFree(ports: Partial<Ports>): Promise<void> {
  const checked = await Promise.all(
    Object.entries(ports).map(async ([name, port]) => ({
      name,
      port,
      free: await isPortFree(port),
    })),
  );
  const taken = checked.filter(({ free }) => !free);
  if (taken.length === 0) return;
  const holders = await findPortHolders(taken.map(({ port }) => port));
  const lines = taken.map(({ name, port }) => {
    const advice = `choose another with --port ${name}=${(port % 50_000) + 10_000}`;
    return `Port ${port} for ${name} is in use by ${holders.get(port) ?? "another process"}: ${advice}`;
  });
  throw new CliError(lines.join("\n"));
}

function isName(name: string): name is keyof Ports {
  return Object.hasOwn(defaultPorts, name);
}
