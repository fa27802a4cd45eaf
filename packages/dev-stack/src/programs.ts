/** Program is a server that is found, downloaded or built. */
export interface Program {
  readonly name: string;
  /** The pinned version, which a download or a build gives. */
  readonly version: string;
  /** The oldest version that will do, in words. */
  readonly needs: string;
  /** Whether the answer to --version names a version that will do. */
  accepts(versionOutput: string): boolean;
  readonly release: Release;
  readonly source: Source;
  /** The variable with which a server that runs already is named instead. */
  readonly variable: string;
}

/** Release is where the pinned version can be downloaded. */
export interface Release {
  readonly folderUrl: string;
  /** The file in that folder with the SHA-256 of the archives. */
  readonly checksums: string;
  /** The name of the .tar.gz for a platform, in Go's words. */
  archive(os: string, arch: string): string;
}

/** Source is what `go install` builds. */
export interface Source {
  readonly goPackage: string;
  readonly linkerFlags: string;
}

export const natsServer: Program = {
  name: "nats-server",
  version: "2.15.2",
  needs: "2.11 or newer",
  accepts: (output) => isAtLeast(output, /v(\d+)\.(\d+)\./, [2, 11]),
  release: {
    folderUrl: "https://github.com/nats-io/nats-server/releases/download/v2.15.2",
    checksums: "SHA256SUMS",
    archive: (os, arch) => `nats-server-v2.15.2-${os}-${arch}.tar.gz`,
  },
  source: { goPackage: "github.com/nats-io/nats-server/v2", linkerFlags: "-s -w" },
  variable: "NATS_URL",
};

/**
 * The Temporal CLI. One built by `go install` does not know its own version and says 0.0.0-DEV, so
 * the version of the server inside counts too: 1.29 is what the CLI 1.5 carries.
 */
export const temporalCli: Program = {
  name: "temporal",
  version: "1.5.1",
  needs: "1.5 or newer",
  accepts: (output) =>
    isAtLeast(output, /version (\d+)\.(\d+)\./, [1, 5]) ||
    (output.includes("0.0.0-DEV") && isAtLeast(output, /Server (\d+)\.(\d+)\./, [1, 29])),
  release: {
    folderUrl: "https://github.com/temporalio/cli/releases/download/v1.5.1",
    checksums: "checksums.txt",
    archive: (os, arch) => `temporal_cli_1.5.1_${os}_${arch}.tar.gz`,
  },
  source: { goPackage: "github.com/temporalio/cli/cmd/temporal", linkerFlags: "-s -w" },
  variable: "TEMPORAL_ADDRESS",
};

function isAtLeast(output: string, pattern: RegExp, [major, minor]: [number, number]): boolean {
  const match = pattern.exec(output);
  if (match === null) return false;
  const [found, foundMinor] = [Number(match[1]), Number(match[2])];
  return found > major || (found === major && foundMinor >= minor);
}
