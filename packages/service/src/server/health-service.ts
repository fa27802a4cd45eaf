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
 * createHealth implements grpc.health.v1.Health: every service of the server is as ready as the
 * process is.
 */
export function createHealth(
  readiness: Readiness,
  hasService: (name: string) => boolean,
): ServiceImpl<typeof Health> {
  async function statusOf(service: string): Promise<Status> {
    if (service !== "" && !hasService(service)) return Status.SERVICE_UNKNOWN;
    const { ready } = await readiness.report();
    return ready ? Status.SERVING : Status.NOT_SERVING;
  }
  return {
    async check({ service }) {
      const status = await statusOf(service);
      if (status !== Status.SERVICE_UNKNOWN) return { status };
      throw new ConnectError(`there is no service ${service} here`, Code.NotFound);
    },
    async *watch({ service }, { signal }) {
      let sent: Status | undefined;
      while (!signal.aborted) {
        const status = await statusOf(service);
        if (status !== sent) yield { status };
        sent = status;
        await sleep(watchIntervalMs, undefined, { signal }).catch(() => {});
      }
    },
  };
}
