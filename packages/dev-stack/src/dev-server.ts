/** A real server, for a test or a local run. */
export interface DevServer extends AsyncDisposable {
  /** Whether this process started it. A server named in the environment cannot be killed or stopped. */
  readonly own: boolean;
  /** The file with its output; undefined for a server named in the environment. */
  readonly logFile: string | undefined;
  /** Its process id; undefined while it does not run. */
  readonly pid: number | undefined;
  /** Resolves when it exits unexpectedly, with its exit status and the end of its log. */
  readonly died: Promise<string>;
  /** Kills it, by default with SIGKILL. Keeps port and data for `start`. */
  kill(signal?: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Starts it again after `kill`, with the same port and data, and resolves when it answers. */
  start(): Promise<void>;
  /** Stops it for good, and removes its folder if that is temporary. */
  stop(): Promise<void>;
}
