import type { Logger } from "../process/create-logger.ts";
import { answerJson } from "./answer-json.ts";
import type { NodeResponse } from "./listen.ts";
import type { Probe } from "./node-handler.ts";
import type { Readiness } from "./readiness.ts";

/** What the probes show. */
export interface ProbeOptions {
  readonly readiness: Readiness;
  /** Returns the text of /metrics, in the format of Prometheus. */
  readonly metrics?: (() => Promise<string>) | undefined;
  readonly logger: Logger;
}

/** Creates the answers of /healthz, /readyz and, with metrics, /metrics. */
export function createProbes({ readiness, metrics, logger }: ProbeOptions): Record<string, Probe> {
  return {
    "/healthz": (response) =>
      answerJson(response, 200, { alive: true, parts: readiness.readParts() }),
    "/readyz": async (response) => {
      const report = await readiness.report();
      answerJson(response, report.ready ? 200 : 503, report);
    },
    ...(metrics === undefined ? {} : { "/metrics": createMetricsProbe(metrics, logger) }),
  };
}

/** Requests that overlap share one result. */
function createMetricsProbe(metrics: () => Promise<string>, logger: Logger): Probe {
  let collecting: Promise<string> | undefined;
  return async (response: NodeResponse) => {
    try {
      collecting ??= metrics().finally(() => {
        collecting = undefined;
      });
      const text = await collecting;
      response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8");
      response.end(text);
    } catch (error) {
      logger.warn({ err: error }, "cannot collect metrics");
      const message = "cannot collect metrics: see the log";
      answerJson(response, 500, { code: "internal", message });
    }
  };
}
