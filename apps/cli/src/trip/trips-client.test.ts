import { once } from "node:events";
import { createServer } from "node:http2";
import { expect, it } from "vitest";
import { connectToTrips } from "./trips-client.ts";

it("sends more at once than Node.js lets wait by default", async () => {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "application/proto" }).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  using trips = connectToTrips({ url: `http://127.0.0.1:${port}`, token: "token" });
  const reason = "x".repeat(1024 * 1024);
  const cancelling = Array.from({ length: 50 }, (_, index) =>
    trips.client.cancelTrip({ tripId: `trip-${index}`, reason }),
  );
  expect(await Promise.all(cancelling)).toHaveLength(50);
  server.close();
}, 30_000);
