import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceImpl } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../gen/grpc/health/v1/health_pb.ts";
import type { Readiness } from "./readiness.ts";

const watchIntervalMs = 1000;

/**
 * Creates the implementation of `grpc.health.v1.Health`. Every service of the server has the
 * readiness of the process.
 */
export function createHealthService(
  readiness: Readiness,
  services: readonly string[],
): ServiceImpl<typeof Health> {
  async function readStatus(service: string): Promise<Status> {
    if (service !== "" && !services.includes(service)) return Status.SERVICE_UNKNOWN;
    const { ready } = await readiness.report();
    return ready ? Status.SERVING : Status.NOT_SERVING;
  }
  return {
    async check({ service }) {
      const status = await readStatus(service);
      if (status !== Status.SERVICE_UNKNOWN) return { status };
      throw new ConnectError(`this server has no service ${service}`, Code.NotFound);
    },
    async *watch({ service }, { signal }) {
      let sent: Status | undefined;
      while (!signal.aborted) {
        const status = await readStatus(service);
        if (status !== sent) yield { status };
        sent = status;
        await sleep(watchIntervalMs, undefined, { signal }).catch(() => {});
      }
    },
  };
}
