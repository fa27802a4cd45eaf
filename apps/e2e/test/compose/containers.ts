import { z } from "zod";
import { docker } from "./compose.ts";

const inspected = z.array(
  z.object({
    Name: z.string(),
    Image: z.string(),
    RestartCount: z.number(),
    Config: z.object({
      User: z.string(),
      Env: z.array(z.string()),
      Labels: z.record(z.string(), z.string()),
    }),
    HostConfig: z.object({
      Init: z.boolean().nullable(),
      Memory: z.number(),
      ReadonlyRootfs: z.boolean(),
    }),
    State: z.object({
      Status: z.string(),
      ExitCode: z.number(),
      OOMKilled: z.boolean(),
      Health: z.object({ Status: z.string() }).optional(),
    }),
  }),
);

/** The current state of a container of a project. */
export interface Container {
  readonly name: string;
  /** The service in the compose file. */
  readonly service: string;
  readonly image: string;
  readonly user: string;
  readonly env: readonly string[];
  readonly init: boolean;
  readonly readOnly: boolean;
  readonly memoryLimit: number;
  /** For example running or exited. */
  readonly status: string;
  /** Undefined without a health check. */
  readonly health: string | undefined;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** How often the engine has restarted it. */
  readonly restarts: number;
}

const filterByProject = (project: string) => [
  "--filter",
  `label=com.docker.compose.project=${project}`,
];

/** Returns all containers of a project, including those that have exited. */
export async function listContainers(project: string): Promise<readonly Container[]> {
  const ids = await docker(["ps", "--all", "--quiet", ...filterByProject(project)]);
  if (ids === "") return [];
  const all = inspected.parse(JSON.parse(await docker(["inspect", ...ids.split("\n")])));
  return all.map(({ Name, Image, RestartCount, Config, HostConfig, State }) => ({
    name: Name.slice(1),
    service: Config.Labels["com.docker.compose.service"] ?? "",
    image: Image,
    user: Config.User,
    env: Config.Env,
    init: HostConfig.Init === true,
    readOnly: HostConfig.ReadonlyRootfs,
    memoryLimit: HostConfig.Memory,
    status: State.Status,
    health: State.Health?.Status,
    exitCode: State.ExitCode,
    outOfMemory: State.OOMKilled,
    restarts: RestartCount,
  }));
}

/** Returns the names of a project's containers, volumes and networks that still exist. */
export async function listLeftovers(project: string): Promise<readonly string[]> {
  const lists = await Promise.all([
    docker(["ps", "--all", "--format", "{{.Names}}", ...filterByProject(project)]),
    docker(["volume", "ls", "--format", "{{.Name}}", ...filterByProject(project)]),
    docker(["network", "ls", "--format", "{{.Name}}", ...filterByProject(project)]),
  ]);
  return lists.flatMap((list) => list.split("\n")).filter((name) => name !== "");
}

/** Returns the memory of each running container of a project's services, in MiB. */
export async function readMemory(project: string): Promise<ReadonlyMap<string, number>> {
  // Containers of a single command are left out: they may exit before `docker stats` runs.
  const services = [
    ...filterByProject(project),
    "--filter",
    "label=com.docker.compose.oneoff=False",
  ];
  const names = await docker(["ps", "--format", "{{.Names}}", ...services]);
  const rows = await docker([
    "stats",
    "--no-stream",
    "--format",
    "{{.Name}} {{.MemUsage}}",
    ...names.split("\n"),
  ]);
  return new Map(
    rows.split("\n").map((row) => {
      const [, name = "", amount = "0", unit = ""] = /^(\S+) ([\d.]+)(\w+)/.exec(row) ?? [];
      return [name, Number(amount) * (mebibytes[unit] ?? Number.NaN)];
    }),
  );
}

const mebibytes: Readonly<Record<string, number>> = {
  B: 2 ** -20,
  KiB: 2 ** -10,
  MiB: 1,
  GiB: 2 ** 10,
};
