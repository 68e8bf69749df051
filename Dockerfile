# The image of Vouch, for a PostgreSQL of your own (compose.yaml has one). docs/operations/install.md says how to run it.
# The tag's version is the one that package-lock.json pins for machines without containers; test/packaging holds them equal.

FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /opt/vouch
COPY package.json package-lock.json .npmrc ./
COPY sdk/package.json sdk/
# Optional packages are this Node again, and the programs of PostgreSQL. No package runs an install script (.npmrc).
RUN npm ci --omit=dev --omit=optional

FROM node:24.21.0-bookworm-slim
WORKDIR /opt/vouch
COPY --from=packages /opt/vouch/node_modules node_modules
COPY package.json LICENSE ./
COPY bin bin
COPY docs docs
COPY migrations migrations
COPY src src
# The one place that is written to: the master key, unless a setting has it.
RUN mkdir -m 0700 /var/lib/vouch && chown 1000:1000 /var/lib/vouch
VOLUME /var/lib/vouch
# By number, so that an orchestrator can see that it is not root. The image calls it `node`.
USER 1000:1000
# Beyond loopback Vouch serves only if VOUCH_TRUSTED_PROXIES names the networks of your TLS proxies.
ENV NODE_ENV=production VOUCH_HOME=/var/lib/vouch VOUCH_HOST=0.0.0.0 VOUCH_PORT=8787
EXPOSE 8787
# That the process answers. Whether its database does is at /readyz: a restart would not mend that.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.VOUCH_PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/opt/vouch/bin/vouch"]
CMD ["serve"]
