# One image for everything of the kit's own: services, migrations, pager, ready, embedded store.
# Which of them runs is the command: `docker run faultline-kit:local services/gateway/src/main.ts`.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim

# Readable by the user that it runs as, whatever umask it was checked out with.
FROM ${NODE_IMAGE} AS sources
WORKDIR /app
COPY . .
RUN chmod -R a+rX .

# Only what decides the dependencies, so that a change of source does not install them again.
FROM sources AS manifests
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -exec rm {} +

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY --from=manifests /app ./
# The same as in deploy/airgapped/src/kit.ts.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  --workspace=services --workspace=packages/embedded-store --workspace=packages/pager --workspace=packages/ready

FROM ${NODE_IMAGE}
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=sources /app/package.json ./
COPY --from=sources /app/packages ./packages
COPY --from=sources /app/services ./services
# Folders that volumes are laid over: a volume takes their owners when it is first used, so that no process needs to be
# root to prepare them. The last two are for images that have no folder of their own.
RUN mkdir -p /data /volumes/collector /volumes/nats \
  && chown 1000:1000 /data && chown 10001:10001 /volumes/collector && chown 65534:65534 /volumes/nats
USER 1000:1000
# node is the process itself: it gets SIGTERM, and stops in order
ENTRYPOINT ["node"]
