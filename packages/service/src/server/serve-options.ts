import type { Interceptor } from "@connectrpc/connect";
import type { Access } from "../auth/access-gate.ts";
import type { ConnectionLimits } from "../limits/connection-limits.ts";
import type { Logger } from "../process/create-logger.ts";
import type { ReadinessCheck } from "./readiness.ts";
import type { Routes } from "./routes.ts";
import type { ServerTls } from "./server-tls.ts";

/** What the health port of a process shows. */
export interface HealthChecks {
  /** The checks of what this process cannot work without: while one fails, it is not ready. */
  readonly checks?: Readonly<Record<string, ReadinessCheck>>;
  /**
   * The checks of what only some of its calls need. While one fails, those calls are refused, /healthz
   * shows the part as degraded, and the process stays ready for the others.
   */
  readonly dependencies?: Readonly<Record<string, ReadinessCheck>>;
  /** Returns the text of /metrics, such as `createMetrics(...)`. Default: no /metrics. */
  readonly metrics?: () => Promise<string>;
  /** The timeout of a readiness check, in milliseconds. Default: 2,000. */
  readonly checkTimeoutMs?: number;
}

/** The health port of a process, and what it shows. */
export interface ServeHealthOptions extends HealthChecks {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly healthPort: number;
  /** The services of which `grpc.health.v1` gives the status. Default: that of the process alone. */
  readonly services?: readonly string[];
  readonly logger: Logger;
}

/** The routes, access and limits of a server. */
export interface ServeOptions extends HealthChecks {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  /** The variable that sets the port, named in the error when the port is in use. Default: PORT. */
  readonly portName?: string;
  /** The certificate of the server, and whether its callers need one. Default: no TLS. */
  readonly tls?: ServerTls | undefined;
  /**
   * The port of health, readiness and metrics, for probes and Prometheus alone. The checks include that
   * of the token keys. Default: no such port, as for the second server of a process.
   */
  readonly healthPort?: number;
  readonly routes: Routes;
  /** Authenticates and authorises callers. */
  readonly access: Access;
  /** Interceptors that run after authorisation and validation. */
  readonly interceptors?: readonly Interceptor[];
  /**
   * Describes the services of `routes` to any caller by `grpc.reflection.v1` and `v1alpha`, for grpcurl,
   * `buf curl` and the like. It requires no token. Default: false.
   */
  readonly reflection?: boolean;
  /**
   * Whether requests with characters that are not shown are refused: those that `escapeText` escapes.
   * "accept" is for messages that keep texts of several lines. Default: "refuse".
   */
  readonly invisibleText?: "refuse" | "accept";
  readonly logger: Logger;
  /** The largest request message, in bytes. Default: 1 MiB. */
  readonly readMaxBytes?: number;
  /** The time in which a request message has to arrive, in milliseconds. Default: 15,000. */
  readonly bodyTimeoutMs?: number;
  /** The bodies that are read at the same time, of all calls, in bytes. Default: 64 MiB. */
  readonly maxBodyBytes?: number;
  /** The streams that are open at the same time, of all callers. Default: 1,000. */
  readonly maxStreams?: number;
  /** The limits of the connections. */
  readonly connectionLimits?: Partial<ConnectionLimits>;
  /**
   * The proxies whose `x-forwarded-for` names the caller's address: IP addresses, and networks such as
   * `10.0.0.0/8`. Default: none.
   */
  readonly trustedProxies?: readonly string[];
  /** The timeout of a unary call that sets none, in milliseconds. Default: 15,000. */
  readonly defaultTimeoutMs?: number;
  /** The longest timeout of a unary call, in milliseconds. Longer ones are shortened. Default: 60,000. */
  readonly maxTimeoutMs?: number;
  /** The longest and the default timeout of a stream, in milliseconds. Default: an hour. */
  readonly maxStreamMs?: number;
}
