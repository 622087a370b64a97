# Hookwave as an image: built once, run as api, worker or both by HOOKWAVE_ROLE. Production dependencies only.
FROM node:24.21.0-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY clients clients
COPY src src
RUN node scripts/build.ts && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-slim
ENV NODE_ENV=production HOOKWAVE_HOST=0.0.0.0 HOOKWAVE_DATA_DIR=/tmp/hookwave
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# A number, which a cluster can tell from root.
USER 1000:1000
EXPOSE 8420 9464
# tini comes with docker run --init, and with `init: true` in compose.
ENTRYPOINT ["node", "dist/main.js"]
CMD ["start"]
