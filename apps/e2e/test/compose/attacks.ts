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
  // A server of HTTP/2 answers the preface of a client that it accepts.
  findPortsOfTemporal: `
    import { readFileSync } from "node:fs";
    import { connect } from "node:tls";
    const pem = readFileSync("/run/fanfare/temporal.pem");
    const preface = Buffer.from("PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n\\0\\0\\0\\x04\\0\\0\\0\\0\\0", "latin1");
    const accepts = (port) => new Promise((resolve) => {
      const own = { cert: pem, key: pem, rejectUnauthorized: false, ALPNProtocols: ["h2", "http/1.1"] };
      const socket = connect({ host: "temporal", port, ...own });
      const end = (accepted) => { socket.destroy(); resolve(accepted); };
      socket.setTimeout(5000, () => end(false));
      socket.once("secureConnect", () => socket.write(preface));
      socket.once("data", () => end(true));
      socket.once("error", () => end(false));
      socket.once("close", () => end(false));
    });
    const ports = [6933, 6934, 6935, 6936, 6939, 7233, 7234, 7235, 7236, 7239, 7243, 7246];
    const accepted = await Promise.all(ports.map(accepts));
    console.log(ports.filter((_, i) => accepted[i]).join(" "));
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
