# syntax=docker/dockerfile:1

# One image for the seven apps and the `fanfare` command. The working directory says which of them
# runs: node src/main.ts in /app/apps/<app>.

FROM node:24-bookworm-slim AS packages
WORKDIR /app
RUN --mount=type=bind,source=package.json,target=package.json \
    npm install --global "pnpm@$(node -p 'require("./package.json").devEngines.packageManager.version')"
# The lockfile alone decides what is downloaded, so that a change of code downloads nothing.
COPY pnpm-lock.yaml pnpm-workspace.yaml ./
RUN --mount=type=cache,id=pnpm,target=/pnpm,sharing=locked \
    pnpm fetch --prod --store-dir /pnpm
COPY . .
# What a package here wants of whoever uses it (a peer) is found in the root, where all of it is linked.
ENV pnpm_config_shamefully_hoist=true

FROM packages AS workflows
RUN --mount=type=cache,id=pnpm,target=/pnpm,sharing=locked \
    pnpm install --prod --frozen-lockfile --prefer-offline --store-dir /pnpm \
 && node apps/worker/src/build.ts

FROM packages AS production
# Optional packages are the compiler of the bundle above and a PostgreSQL server for development.
# Temporal's core comes with a library for each platform, of which this one is used.
RUN --mount=type=cache,id=pnpm,target=/pnpm,sharing=locked \
    rm -rf node_modules \
 && pnpm install --prod --no-optional --frozen-lockfile --prefer-offline --store-dir /pnpm \
 && find node_modules/.pnpm -path '*/core-bridge/releases/*' -prune \
      ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +
COPY --from=workflows /app/apps/worker/dist apps/worker/dist

FROM node:24-bookworm-slim
COPY --from=production /app /app
# Volumes are mounted here. A new one belongs to whom the folder belongs that it is mounted on.
RUN install --directory --owner=node --group=node /data/nats /data/nats-2 /data/nats-3 \
      /secrets/keys /secrets/postgres /secrets/temporal $(ls /app/apps | sed 's#^#/secrets/#')
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
WORKDIR /app/apps/cli
USER node
ENTRYPOINT ["node", "src/main.ts"]
