/** A program that is found on PATH or in the cache, downloaded, or built. */
export interface Program {
  readonly name: string;
  /** The pinned version, which is downloaded or built. */
  readonly version: string;
  /** The accepted versions in words, such as "2.11 or newer". */
  readonly needs: string;
  /** The arguments that print the version. */
  readonly versionArgs: readonly string[];
  /** Returns whether the printed version is accepted. */
  accepts(versionOutput: string): boolean;
  /** Undefined where no .tar.gz is published: the program is built. */
  readonly release: Release | undefined;
  readonly source: Source;
  /** The variable that names a running server to use instead; absent for a tool. */
  readonly variable?: string;
}

/** Where the pinned version is downloaded from. */
export interface Release {
  readonly folderUrl: string;
  /** The file in that folder with the SHA-256 of each archive. */
  readonly checksums: string;
  /** Returns the name of the .tar.gz of a platform, given Go's names for it. */
  archive(os: string, arch: string): string;
}

/** What `go install` builds. */
export interface Source {
  readonly goPackage: string;
  /** The hash that Go computes of the module's pinned version, as in a go.sum. */
  readonly hash: string;
  readonly linkerFlags: string;
}

/** The NATS server. Consumer groups need 2.11. */
export const natsServer: Program = {
  name: "nats-server",
  version: "2.15.2",
  needs: "2.11 or newer",
  versionArgs: ["--version"],
  accepts: (output) => isAtLeast(output, /v(\d+)\.(\d+)\./, [2, 11]),
  release: {
    folderUrl: "https://github.com/nats-io/nats-server/releases/download/v2.15.2",
    checksums: "SHA256SUMS",
    archive: (os, arch) => `nats-server-v2.15.2-${os}-${arch}.tar.gz`,
  },
  source: {
    goPackage: "github.com/nats-io/nats-server/v2",
    hash: "h1:yLsgt2kslgymvxvjFq1WGWck5hkat2YYfbXvQ145tzU=",
    linkerFlags: "-s -w",
  },
  variable: "NATS_URL",
};

/**
 * The Temporal CLI, which contains the development server. A CLI built by `go install` prints the
 * version 0.0.0-DEV, so the version of its server counts too: CLI 1.5 contains server 1.29.
 */
export const temporalCli: Program = {
  name: "temporal",
  version: "1.5.1",
  needs: "1.5 or newer",
  versionArgs: ["--version"],
  accepts: (output) =>
    isAtLeast(output, /version (\d+)\.(\d+)\./, [1, 5]) ||
    (output.includes("0.0.0-DEV") && isAtLeast(output, /Server (\d+)\.(\d+)\./, [1, 29])),
  release: {
    folderUrl: "https://github.com/temporalio/cli/releases/download/v1.5.1",
    checksums: "checksums.txt",
    archive: (os, arch) => `temporal_cli_1.5.1_${os}_${arch}.tar.gz`,
  },
  source: {
    goPackage: "github.com/temporalio/cli/cmd/temporal",
    hash: "h1:0RZMk14BWxz44Xg6ciDQvpfAMffoG3J7/K03ql80teY=",
    linkerFlags: "-s -w",
  },
  variable: "TEMPORAL_ADDRESS",
};

/** The tool that renders the Kubernetes manifests. */
export const kustomize: Program = {
  name: "kustomize",
  version: "5.8.2",
  needs: "5.0 or newer",
  versionArgs: ["version"],
  accepts: (output) => isAtLeast(output, /v(\d+)\.(\d+)\./, [5, 0]),
  release: {
    folderUrl: "https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2Fv5.8.2",
    checksums: "checksums.txt",
    archive: (os, arch) => `kustomize_v5.8.2_${os}_${arch}.tar.gz`,
  },
  source: {
    goPackage: "sigs.k8s.io/kustomize/kustomize/v5",
    hash: "h1:sSNeWwgkdSMGCIavtY63JQMgBJkGv3IwOltWVZy+LFQ=",
    linkerFlags: "-s -w",
  },
};

/** The tool that validates the Kubernetes manifests. */
export const kubeconform: Program = {
  name: "kubeconform",
  version: "0.8.0",
  needs: "0.6 or newer",
  versionArgs: ["-v"],
  accepts: (output) => isAtLeast(output, /v(\d+)\.(\d+)\./, [0, 6]),
  release: {
    folderUrl: "https://github.com/yannh/kubeconform/releases/download/v0.8.0",
    checksums: "CHECKSUMS",
    archive: (os, arch) => `kubeconform-${os}-${arch}.tar.gz`,
  },
  source: {
    goPackage: "github.com/yannh/kubeconform/cmd/kubeconform",
    hash: "h1:loDYd3a3spjIFrauqW67CDKF55Oo9R6uvC8AvpVd4ug=",
    linkerFlags: "-s -w",
  },
};

/** The command line of NATS, with which docs/wire.md shows the wire format. */
export const natsCli: Program = {
  name: "nats",
  version: "0.5.1",
  needs: "0.5 or newer",
  versionArgs: ["--version"],
  accepts: (output) => isAtLeast(output, /v(\d+)\.(\d+)\./, [0, 5]),
  release: undefined,
  source: {
    goPackage: "github.com/nats-io/natscli/nats",
    hash: "h1:Z15ij3P1VlcXOwLUa6kjNEoaVCTDQADctq4GTP1CXnA=",
    linkerFlags: "-s -w",
  },
};

/** The runner of the Connect conformance suite. */
export const connectConformance: Program = {
  name: "connectconformance",
  version: "1.0.7",
  needs: "1.0.7",
  versionArgs: ["--version"],
  accepts: (output) => output.includes("v1.0.7"),
  release: undefined,
  source: {
    goPackage: "connectrpc.com/conformance/cmd/connectconformance",
    hash: "h1:9Sqx8vEeRJyKoIAiYdEuABrlPKRoNxVHSbJ0CVil7xg=",
    linkerFlags: "-s -w",
  },
};

/** The command line of gRPC, which finds services by reflection. */
export const grpcurl: Program = {
  name: "grpcurl",
  version: "1.9.4",
  needs: "1.9 or newer",
  versionArgs: ["--version"],
  accepts: (output) => isAtLeast(output, /v(\d+)\.(\d+)\./, [1, 9]),
  release: undefined,
  source: {
    goPackage: "github.com/fullstorydev/grpcurl/cmd/grpcurl",
    hash: "h1:7bC3tlRwS7dPyfhBo0Xmigns8hWH/K4fg9NrafpY57k=",
    linkerFlags: "-s -w -X main.version=v1.9.4",
  },
};

function isAtLeast(output: string, pattern: RegExp, [major, minor]: [number, number]): boolean {
  const match = pattern.exec(output);
  if (match === null) return false;
  const [found, foundMinor] = [Number(match[1]), Number(match[2])];
  return found > major || (found === major && foundMinor >= minor);
}
