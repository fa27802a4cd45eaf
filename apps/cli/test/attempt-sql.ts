import { Client } from "pg";

/** Connects and runs each statement. Returns the code of each refusal or "done". */
export async function attemptAll(
  url: string | URL,
  statements: readonly string[],
): Promise<readonly string[]> {
  const client = new Client({ connectionString: String(url) });
  try {
    const connected = await describeOutcome(client.connect());
    const outcomes: string[] = [];
    for (const statement of statements) {
      outcomes.push(
        connected === "done" ? await describeOutcome(client.query(statement)) : connected,
      );
    }
    return outcomes;
  } finally {
    await client.end();
  }
}

async function describeOutcome(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "done",
    (error: Error) => ("code" in error ? String(error.code) : error.message),
  );
}

/** Connects and runs statements that have to succeed. */
export async function execute(url: string | URL, ...statements: readonly string[]): Promise<void> {
  const refusal = (await attemptAll(url, statements)).find((outcome) => outcome !== "done");
  if (refusal !== undefined) throw new Error(`${statements.join("; ")} is refused: ${refusal}`);
}

/** Connects and runs one statement. */
export async function attempt(url: string | URL, statement = "select 1"): Promise<string> {
  return (await attemptAll(url, [statement]))[0] ?? "";
}
