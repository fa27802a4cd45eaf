import { readRepository } from "./repository.ts";

/** An instruction of a Dockerfile, with its continued lines joined. */
export interface Instruction {
  /** For example RUN. */
  readonly verb: string;
  readonly rest: string;
}

/** The instructions of a Dockerfile from one FROM to the next. */
export interface Stage {
  /** The base: an image or an earlier stage. */
  readonly from: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** Reads the stages of a Dockerfile. */
export async function readDockerfile(path: string): Promise<readonly Stage[]> {
  const text = (await readRepository(path)).replaceAll(/^\s*#.*\n/gm, "").replaceAll(/\\\n/g, " ");
  const stages: { from: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const line of text.split("\n").filter((one) => one.trim() !== "")) {
    const [, verb = "", rest = ""] = /^(\S+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (verb === "FROM") {
      const [from = "", , name] = rest.split(/\s+/);
      stages.push({ from, name, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push({ verb, rest });
    }
  }
  return stages;
}

/** Returns the names of the variables that the last stage of a Dockerfile sets. */
export async function readImageVariables(path: string): Promise<readonly string[]> {
  const instructions = (await readDockerfile(path)).at(-1)?.instructions ?? [];
  return instructions
    .filter(({ verb }) => verb === "ENV")
    .flatMap(({ rest }) => [...rest.matchAll(/(\w+)=/g)].map(([, name = ""]) => name));
}
