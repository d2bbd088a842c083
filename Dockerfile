# syntax=docker/dockerfile:1
# The base image is named by its line, not by digest: pin the digest that your registry serves before you ship it.
FROM node:24-slim AS build
WORKDIR /app
COPY . .
# Install scripts are off (.npmrc); nothing here needs one.
RUN npm ci && npm run build && npm prune --omit=dev

FROM node:24-slim
ENV NODE_ENV=production \
    WRIT_STORE_URL=sqlite:/var/lib/writ/ledger.db \
    WRIT_KEY_FILE=/var/lib/writ/attestation-key.json \
    WRIT_STATE_DIR=/var/lib/writ/state \
    WRIT_LINEAGE_DIR=/var/lib/writ/lineage \
    WRIT_MARK_DIR=/var/lib/writ/mark \
    WRIT_CHECKPOINT_KEY_FILE=/var/lib/writ/checkpoint-key.json
WORKDIR /app
COPY --from=build /app/package.json ./package.json
COPY --from=build /app/package-lock.json ./package-lock.json
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/libs ./libs
COPY --from=build /app/apps ./apps
COPY --from=build /app/proto ./proto
COPY --from=build /app/docs/policies ./docs/policies
# The second is for what several nodes of one ledger share: keys, tokens, the mark.
RUN install -d -o node -g node -m 0700 /var/lib/writ /var/lib/writ-shared
USER node
VOLUME /var/lib/writ
EXPOSE 7420 7421
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "/app/apps/cli/bin/writ.js", "health"]
# A decision leaves garbage behind: a larger nursery spares copying it about (docs/guides/performance.md).
ENTRYPOINT ["node", "--max-semi-space-size=32", "/app/apps/cli/bin/writ.js"]
CMD ["serve"]
