import { type Client, createClient } from "@connectrpc/connect";
import { createTestTransport } from "@fanfare/access/testing";
import { OperatorLogService } from "@fanfare/contracts/operators/v1/operators";
import { TripOperationsService } from "@fanfare/contracts/operators/v1/trip_operations";
import { TariffService } from "@fanfare/contracts/trips/v1/tariffs";
import { TripRegistryService } from "@fanfare/contracts/trips/v1/trip_registry";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import type { Caller } from "@fanfare/service";
import { createTripFeed } from "../src/api/trip-feed.ts";
import {
  createTripOperationsRoutes,
  type TripOperationsRoutesDeps,
} from "../src/api/trip-operations-routes.ts";
import { createTripsRoutes, type TripsRoutesDeps } from "../src/api/trips-routes.ts";
import { createOperatorLogRoutes } from "../src/operators/operator-log-routes.ts";
import { createTripRefunds, type TripRefunds } from "../src/refunds/trip-refunds.ts";
import { createRegistryRoutes } from "../src/registry/registry-routes.ts";
import { createTariffRoutes } from "../src/tariffs/tariff-routes.ts";
import { createFakeWorkflows, type FakeWorkflows } from "./fake-workflows.ts";
import { openTestRegistry, type TestRegistry } from "./test-registry.ts";

/** The APIs over a real registry, called in memory, with fake workflows. */
export interface TestApi extends TestRegistry {
  readonly workflows: FakeWorkflows;
  readonly refunds: TripRefunds;
  /** The ids of the refunds whose workflow was started. */
  readonly refundsStarted: readonly string[];
  as(caller: Caller): Client<typeof TripsService>;
  /** Returns a client of a rider. Default: `rosa`. */
  rider(name?: string): Client<typeof TripsService>;
  /** Lets riders start another trip although theirs is not over. */
  freeRiders(): Promise<void>;
  /** Returns a client of TripOperationsService for a caller. */
  operations(caller: Caller): Client<typeof TripOperationsService>;
  /** The one of the operator `otto`. */
  readonly operator: Client<typeof TripOperationsService>;
  /** Returns a client of the operator log. Default: of the operator `otto`. */
  operatorLog(caller?: Caller): Client<typeof OperatorLogService>;
  /** Returns a client of the tariffs. Default: of the operator `otto`. */
  tariffs(caller?: Caller): Client<typeof TariffService>;
  readonly saga: Client<typeof TripRegistryService>;
}

/** Starts PostgreSQL and creates the routes. */
export async function openTestApi(
  options: { readonly heartbeatMs?: number; readonly maxWatchers?: number } = {},
): Promise<TestApi> {
  const opened = await openTestRegistry();
  const { registry } = opened;
  const workflows = createFakeWorkflows(registry);
  const feed = createTripFeed({
    registry,
    pollIntervalMs: 10,
    maxWatchers: options.maxWatchers ?? 3,
    onError: () => {},
  });
  const refunds = createTripRefunds(opened.db);
  const refundsStarted: string[] = [];
  const deps: TripOperationsRoutesDeps & TripsRoutesDeps = {
    registry,
    refunds,
    refundWorkflows: {
      async start({ refund_id }) {
        refundsStarted.push(refund_id);
        return { kind: "answered", outcome: "started" };
      },
    },
    workflows,
    feed,
    reconcileAfterMs: 60_000,
    heartbeatMs: options.heartbeatMs ?? 30_000,
  };
  const routes = createTripsRoutes(deps);
  const operationsRoutes = createTripOperationsRoutes(deps);
  const as = (caller: Caller) => createClient(TripsService, createTestTransport(routes, caller));
  const otto: Caller = { role: "operator", subject: "otto" };
  const logRoutes = createOperatorLogRoutes(opened.db);
  const service: Caller = { role: "service", subject: "worker" };
  return {
    ...opened,
    workflows,
    refunds,
    refundsStarted,
    as,
    rider: (subject = "rosa") => as({ role: "rider", subject }),
    async freeRiders() {
      await opened.db.updateTable("trips").set({ occupies_rider: false }).execute();
    },
    operations: (caller) =>
      createClient(TripOperationsService, createTestTransport(operationsRoutes, caller)),
    operator: createClient(TripOperationsService, createTestTransport(operationsRoutes, otto)),
    operatorLog: (caller = otto) =>
      createClient(OperatorLogService, createTestTransport(logRoutes, caller)),
    tariffs: (caller = otto) =>
      createClient(TariffService, createTestTransport(createTariffRoutes(opened.db), caller)),
    saga: createClient(
      TripRegistryService,
      createTestTransport(createRegistryRoutes({ registry, refunds }), service),
    ),
  };
}
