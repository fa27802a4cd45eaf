# syntax=docker/dockerfile:1

# One image for all apps and the `fanfare` command. The working directory selects the app:
# node src/main.ts in /app/apps/<app>.

FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY tools/pnpm /pnpm-install
RUN npm install --prefix /pnpm-install --no-audit --no-fund
ENV PATH=/pnpm-install/node_modules/.bin:$PATH
# Only a change of the lockfile downloads packages; a change of code does not.
COPY pnpm-lock.yaml pnpm-workspace.yaml ./
RUN --mount=type=cache,id=pnpm,target=/pnpm,sharing=locked \
    pnpm fetch --prod --store-dir /pnpm
COPY . .
# Links all packages into the root, where the packages of this repository resolve their peers.
ENV pnpm_config_shamefully_hoist=true

FROM packages AS workflows
RUN --mount=type=cache,id=pnpm,target=/pnpm,sharing=locked \
    pnpm install --prod --frozen-lockfile --prefer-offline --store-dir /pnpm \
 && node apps/worker/src/build.ts

FROM packages AS production
# The optional packages are the compiler of the workflow bundle and a PostgreSQL server for development.
# Temporal's core contains a library for each platform. Keeps only the one of this platform.
RUN --mount=type=cache,id=pnpm,target=/pnpm,sharing=locked \
    rm -rf node_modules \
 && pnpm install --prod --no-optional --frozen-lockfile --prefer-offline --store-dir /pnpm \
 && find node_modules/.pnpm -path '*/core-bridge/releases/*' -prune \
      ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +
COPY --from=workflows /app/apps/worker/dist apps/worker/dist

FROM node:24-bookworm-slim
COPY --from=production /app /app
# The mount points of volumes. A new volume gets the owner of the folder that it is mounted on.
RUN install --directory --owner=node --group=node /backups /data/nats /data/nats-2 /data/nats-3 \
      /secrets/keys /secrets/postgres \
      /secrets/temporal /secrets/temporal-server /secrets/temporal-authority \
      /secrets/nats /secrets/nats-system /secrets/provision /secrets/operator $(ls /app/apps | sed 's#^#/secrets/#')
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 HEALTH_PORT=9090
WORKDIR /app/apps/cli
USER node
ENTRYPOINT ["node", "src/main.ts"]
