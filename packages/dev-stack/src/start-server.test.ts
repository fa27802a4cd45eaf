import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createDataFolder } from "./data-folder.ts";
import { isRunning } from "./file-lock.ts";
import { type GuardedProcess, startGuarded } from "./guarded-process.ts";
import { startServer } from "./start-server.ts";

describe("startServer()", () => {
  it("leaves no process and no reserved port when the server never answers", async () => {
    await using folder = await createDataFolder("test", {});
    const abort = new AbortController();
    let launched: GuardedProcess | undefined;
    const starting = startServer({
      name: "silent",
      portCount: 1,
      logFile: folder.logFile,
      stopSignal: "SIGKILL",
      signal: abort.signal,
      launch: async () => {
        launched = await startGuarded({
          command: "/bin/sh",
          args: ["-c", "sleep 300"],
          logFile: folder.logFile,
        });
        return launched;
      },
      answers: async () => {
        abort.abort();
        return false;
      },
    });
    await expect(starting).rejects.toThrow("aborted");
    expect(launched?.exit).toEqual({ status: null, signal: "SIGKILL" });
    expect(isRunning(launched?.pid ?? 0)).toBe(false);
    expect(process.getActiveResourcesInfo()).not.toContain("UDPWRAP");
  });
});

describe("createDataFolder()", () => {
  it("removes a temporary folder when it is disposed, and keeps a named one", async () => {
    await using temporary = await createDataFolder("test", {});
    await using named = await createDataFolder("test", { data: temporary.path });
    await named[Symbol.asyncDispose]();
    expect(existsSync(temporary.path)).toBe(true);
    await temporary[Symbol.asyncDispose]();
    expect(existsSync(temporary.path)).toBe(false);
  });
});
