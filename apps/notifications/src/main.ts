import { createAccess } from "@fanfare/access";
import { runReactor } from "@fanfare/reactor";
import {
  createServiceTransport,
  defineAddressVariable,
  loadConfig,
  readTlsFiles,
  readTokenSource,
  serviceTokenVariables,
} from "@fanfare/service";
import { migrations } from "./migrations.ts";
import { react } from "./react.ts";
import { assertLanguageData } from "./receipt/choose-language.ts";
import { createLogSender } from "./receipt-sender.ts";
import { createRegions } from "./regions.ts";
import { retained } from "./retention.ts";
import { createRoutes } from "./routes.ts";
import { startSending } from "./start-sending.ts";
import { startWriting } from "./start-writing.ts";

const name = "notifications";
const about = "Writes and sends the receipts of completed trips.";
const variables = {
  ...serviceTokenVariables,
  ridersUrl: defineAddressVariable("RIDERS_URL", "http://127.0.0.1:8089", "URL of riders."),
};

runReactor({
  name,
  about,
  port: 8087,
  variables,
  migrations,
  react,
  retained,
  routes: createRoutes,
  access: createAccess,
  start({ db, config, logger, resources }) {
    assertLanguageData();
    const own = loadConfig({ name, about, variables });
    const riders = resources.use(
      createServiceTransport({
        baseUrl: own.ridersUrl,
        ...readTokenSource(own, { subject: name, role: "service", audience: "riders" }),
        tls: readTlsFiles(config),
        timeoutMs: 5_000,
      }),
    );
    resources.use(startWriting({ db, regions: createRegions(riders), logger }));
    resources.use(startSending({ db, sender: createLogSender(logger), logger }));
  },
});
