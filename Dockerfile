# Proxyfs in a container. compose.example.yml shows how to run it, docs/operations.md tells why so.

FROM node:22-bookworm-slim AS build
# ssh2 encrypts twice as fast with its native part, which has to be compiled; on any processor.
RUN apt-get update \
  && apt-get install -y --no-install-recommends python3 make g++ \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts && npm rebuild ssh2
COPY . .
# What belongs to the product is said once: by "files" in package.json.
RUN mkdir /app && npm pack --pack-destination /tmp && tar -xzf /tmp/proxyfs-*.tgz -C /app --strip-components=1
# Root mounts through the kernel's own protocol, so libfuse's driver stays out.
RUN npm uninstall --no-save --omit=dev --ignore-scripts fuse-native \
  && rm -rf node_modules/ssh2/lib/protocol/crypto/build/Release/obj.target node_modules/ssh2/test \
  && mv node_modules /app/

FROM node:22-bookworm-slim
ENV NODE_ENV=production
COPY --from=build /app /app
RUN ln -s /app/dist/server/main.cjs /usr/local/bin/proxyfs
# It asks where PROXYFS_LISTEN says; --health-cmd is for who has another http.listen in the file.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://${process.env.PROXYFS_LISTEN ?? '127.0.0.1:8080'}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# What is under way ends or is undone before the unmount: give it a minute (docker stop -t 60).
STOPSIGNAL SIGTERM
ENTRYPOINT ["proxyfs"]
CMD ["run", "/etc/proxyfs/proxyfs.yml"]
