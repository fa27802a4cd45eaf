import type { Compose } from "./compose.ts";

/** What a process with full control of an app's container tries. Each prints one line. */
const scripts = {
  publishWithoutKey: `
    import { connect } from "@nats-io/transport-node";
    const nats = await connect({ servers: process.env.NATS_URL, timeout: 5000 });
    nats.publish("fanfare.trips.completed.0", "forged");
    await nats.flush();
    console.log("published");
  `,
  publishWithOwnKey: `
    import { readFileSync } from "node:fs";
    import { connect, nkeyAuthenticator } from "@nats-io/transport-node";
    const seed = readFileSync(process.env.NATS_NKEY_FILE, "utf8").trim();
    const authenticator = nkeyAuthenticator(new TextEncoder().encode(seed));
    const nats = await connect({ servers: process.env.NATS_URL, timeout: 5000, authenticator });
    const refused = (async () => { for await (const { error } of nats.status()) if (error) throw error; })();
    nats.publish("fanfare.trips.completed.0", "forged");
    await Promise.race([refused, nats.flush().then(() => nats.flush())]);
    console.log("published");
  `,
  listKeys: `
    import { globSync } from "node:fs";
    console.log(globSync("/{run,secrets,data}/**/*.nk").join(" "));
  `,
  readTables: `
    import { readFileSync } from "node:fs";
    import pg from "pg";
    const url = new URL(readFileSync(process.env.DATABASE_URL_FILE, "utf8").trim());
    url.pathname = "/billing";
    const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 5000 });
    await client.connect();
    console.log("connected");
  `,
  endTrip: `
    import { Client, Connection } from "@temporalio/client";
    const connection = await Connection.connect({ address: "temporal:7233", connectTimeout: 5000 });
    const trip = new Client({ connection }).workflow.getHandle("trip/" + process.argv[1]);
    await trip.executeUpdate("end", { args: [{}] });
    console.log("ended");
  `,
} as const;

/** Runs an attack in a container, and resolves to what it prints, or to the message of its failure. */
export async function attackFrom(
  { compose }: Compose,
  service: string,
  attack: keyof typeof scripts,
  ...args: readonly string[]
): Promise<string> {
  const script = `
    process.once("uncaughtException", (error) => { console.log("failed:", String(error)); process.exit(0); });
    ${scripts[attack]}
    process.exit(0);
  `;
  const where = ["--workdir", "/app", service];
  return await compose(
    "exec",
    "-T",
    ...where,
    "node",
    "--input-type=module",
    "--eval",
    script,
    "--",
    ...args,
  );
}
