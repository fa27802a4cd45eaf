export interface PnpmReport {
  found(name: string, what: string): void;
  track<T>(name: string, what: string, work: () => Promise<T>): Promise<T>;
}

export declare function providePnpm(options: {
  readonly cache: string;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly report: PnpmReport;
}): Promise<string>;
