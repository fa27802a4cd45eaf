/** DevServer is a real server, for a test or a local run. */
export interface DevServer extends AsyncDisposable {
  /** Whether it was started here. One found in the environment can be neither killed nor stopped. */
  readonly own: boolean;
  /** Where its output goes; undefined for one that was not started here. */
  readonly logFile: string | undefined;
  /** Its process id while it runs. */
  readonly pid: number | undefined;
  /** Resolves when it ends without having been asked to, with how, and the end of its log. */
  readonly died: Promise<string>;
  /** Ends it at once, SIGKILL unless told: port and data stay, for `start`. */
  kill(signal?: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Starts it again after `kill`, on the same port and data, and resolves when it answers. */
  start(): Promise<void>;
  /** Stops it for good and removes its folder if that was temporary. */
  stop(): Promise<void>;
}
