import { type Client, createClient } from "@connectrpc/connect";
import { LedgerService, TripsService } from "@fanfare/contracts/trips/v1/trips";
import type { Caller } from "@fanfare/service";
import { createTestTransport } from "@fanfare/service/testing";
import { createChangeFeed } from "../src/change-feed.ts";
import { createLedgerRoutes } from "../src/ledger-routes.ts";
import { createTripsRoutes } from "../src/routes.ts";
import { createFakeWorkflows, type FakeWorkflows } from "./fake-workflows.ts";
import { openTestLedger, type TestLedger } from "./ledger.ts";

/** Edge is the two APIs over a real ledger, called in memory, and what stands in for the saga. */
export interface Edge extends TestLedger {
  readonly workflows: FakeWorkflows;
  as(caller: Caller): Client<typeof TripsService>;
  rider(name?: string): Client<typeof TripsService>;
  readonly operator: Client<typeof TripsService>;
  readonly saga: Client<typeof LedgerService>;
}

/** openEdge starts PostgreSQL and makes the routes. */
export async function openEdge(): Promise<Edge> {
  const opened = await openTestLedger();
  const { ledger } = opened;
  const workflows = createFakeWorkflows(ledger);
  const feed = createChangeFeed({
    ledger,
    intervalMs: 10,
    maxWatchers: 3,
    onError: () => {},
  });
  const routes = createTripsRoutes({ ledger, workflows, feed, sweepAfterMs: 60_000 });
  const as = (caller: Caller) => createClient(TripsService, createTestTransport(routes, caller));
  const service: Caller = { role: "service", subject: "worker" };
  return {
    ...opened,
    workflows,
    as,
    rider: (subject = "rosa") => as({ role: "rider", subject }),
    operator: as({ role: "operator", subject: "otto" }),
    saga: createClient(LedgerService, createTestTransport(createLedgerRoutes(ledger), service)),
  };
}
