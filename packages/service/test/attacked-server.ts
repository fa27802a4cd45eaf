// An EchoService in a process of its own, for the tests that attack it. Prints its addresses and a token.
import { startEcho } from "./echo.ts";

const metrics = async () => `rss ${process.memoryUsage.rss()}\n`;
const large = "x".repeat(100_000);
const echo = await startEcho(
  {
    // oxlint-disable-next-line typescript/require-await -- a stream without pauses
    async *repeat() {
      while (true) yield { text: large };
    },
  },
  { metrics, reflection: true },
  { limits: () => ({ callsPerSecond: 10_000, maxCalls: 1000, maxStreams: 100 }) },
);
const { url, healthUrl } = echo.server;
const exp = Math.floor(Date.now() / 1000) + 600;
const tokens = await Promise.all(
  ["attacker", "friend"].map((sub) => echo.issuer.mint({ sub, exp })),
);
process.stdout.write(`${JSON.stringify({ url, healthUrl, tokens })}\n`);
process.on("disconnect", () => process.exit());
