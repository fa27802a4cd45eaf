import { isPortFree } from "@fanfare/dev-stack";
import { appPorts } from "@fanfare/topology";
import { CliError } from "../cli-error.ts";
import { findPortHolders } from "./find-port-holders.ts";

/** The default port of each part. PostgreSQL's own 5432 is often taken. */
export const defaultPorts = {
  temporal: 7233,
  temporalUi: 8233,
  codec: 8234,
  nats: 4222,
  postgres: 5433,
  ...appPorts,
};

/** A port for each part. */
export type Ports = Readonly<Record<keyof typeof defaultPorts, number>>;

/** Returns the default ports with the given changes, each as name=port. Throws for an unknown name. */
export function choosePorts(choices: readonly string[]): Ports {
  const ports: Record<keyof Ports, number> = { ...defaultPorts };
  for (const choice of choices) {
    const [name = "", port = ""] = choice.split("=");
    if (!isName(name)) {
      const names = Object.keys(defaultPorts).join(", ");
      throw new CliError(`expected the name of a port, got "${name}": choose one of ${names}`);
    }
    if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
      throw new CliError(
        `expected name=port, got "${choice}": write ${name}=${defaultPorts[name] + 10_000}`,
      );
    }
    ports[name] = Number(port);
  }
  return ports;
}

/** Rejects when a port is in use, with the process that uses it and how to choose another. */
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
