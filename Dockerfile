# The service alone, in an image without a shell or a package manager. It needs a PostgreSQL
# elsewhere (database.url); compose.yaml brings one.

FROM node:22-trixie-slim AS assets
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web/build.mjs web/letters.mjs web/map.mjs ./
COPY web/src ./src
RUN npm run build

FROM rust:1.95-trixie AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs ./
COPY .sqlx ./.sqlx
COPY config ./config
COPY migrations ./migrations
COPY templates ./templates
COPY src ./src
# Named in Cargo.toml, which cannot be read without it.
COPY benches/policy.rs ./benches/
COPY --from=assets /src/assets ./assets
ENV SQLX_OFFLINE=true
RUN cargo build --release --locked --bin sallyport
# What the binary is linked to, at the places where the loader looks: nothing else is in the image.
RUN mkdir -p /image/etc /image/usr/bin \
    && cp target/release/sallyport /image/usr/bin/ \
    && ldd target/release/sallyport | grep -o '/[^ ]*' \
        | xargs -I '{}' cp --parents --dereference '{}' /image \
    && echo 'hosts: files dns' >/image/etc/nsswitch.conf

FROM scratch
COPY --from=build /image /
# Nobody's number outside the image either. No name for it is needed.
USER 10001:10001
WORKDIR /
ENV SALLYPORT__HTTP__LISTEN=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/bin/sallyport", "ready"]
ENTRYPOINT ["/usr/bin/sallyport"]
CMD ["serve"]
