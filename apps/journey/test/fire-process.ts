// One process of the fire tests, named by its first argument: "relay", or a group. It ends itself as
// kill -9 would at the point that DIE names, when it comes there for the given time: "commit:12".
import type { EventBus } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { connectNats } from "@fanfare/bus-nats";
import { inbox, listenWith, startRelay } from "@fanfare/bus-sql";
import { Client } from "pg";
import { connectFire } from "./fire-database.ts";

const { DATABASE_URL = "", NATS_URL = "", DIE = "" } = process.env;
const [role = ""] = process.argv.slice(2);
const db = connectFire(DATABASE_URL);
const bus = await connectNats({ servers: NATS_URL, name: role });

const [deadly, time = "0"] = DIE.split(":");
let left = Number(time);

function pass(point: string): void {
  if (point === deadly && --left === 0) process.kill(process.pid, "SIGKILL");
}

const dyingBus: Pick<EventBus, "publish"> = {
  async publish(method, message, options) {
    const receipt = await bus.publish(method, message, options);
    pass("publish");
    return receipt;
  },
};

if (role === "relay") {
  const listen = listenWith(() => new Client({ connectionString: DATABASE_URL }));
  startRelay(db, dyingBus, { services: [NoteEvents], listen, batch: 50, leaseMs: 4_000 });
} else {
  const handle = inbox(db, async ({ author, number }: { author: string; number: number }, tx) => {
    await tx.insertInto("effects").values({ reader: role, author, number }).execute();
    pass("transaction");
  });
  await bus.subscribe(
    role,
    (on) =>
      on.service(NoteEvents, {
        async noteWritten(note, delivery) {
          await handle(note, delivery);
          pass("commit");
        },
      }),
    { from: "start", leaseMs: 2_000, backoff: { firstMs: 50, maxMs: 500 } },
  );
}
