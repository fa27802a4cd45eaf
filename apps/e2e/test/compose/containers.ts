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

/** Container is one container of a project, as it is now. */
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
  /** Such as running or exited. */
  readonly status: string;
  /** Undefined without a health check. */
  readonly health: string | undefined;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** How often the engine has started it again by itself. */
  readonly restarts: number;
}

const filterByProject = (project: string) => [
  "--filter",
  `label=com.docker.compose.project=${project}`,
];

/** containersOf gives all containers of a project, also those that have ended. */
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

/** leftOf names all that the engine still has of a project. */
export async function listLeftovers(project: string): Promise<readonly string[]> {
  const lists = await Promise.all([
    docker(["ps", "--all", "--format", "{{.Names}}", ...filterByProject(project)]),
    docker(["volume", "ls", "--format", "{{.Name}}", ...filterByProject(project)]),
    docker(["network", "ls", "--format", "{{.Name}}", ...filterByProject(project)]),
  ]);
  return lists.flatMap((list) => list.split("\n")).filter((name) => name !== "");
}

/** memoryOf gives how much memory each running container of a project's services has, in MiB. */
export async function readMemory(project: string): Promise<ReadonlyMap<string, number>> {
  // Those that run one command may be gone by the time that they are asked for.
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
