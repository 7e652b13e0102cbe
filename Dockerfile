# sd-node in a container: docker build -t sd-node .
#
# Behind a closed network, name base images of your own:
#   docker build --build-arg BUILD_IMAGE=… --build-arg RUNTIME_IMAGE=… .
# The first must have deno 2.9, the second glibc and, or else apt-get brings it,
# ping.
ARG BUILD_IMAGE=denoland/deno:debian-2.9.6
ARG RUNTIME_IMAGE=debian:13.1-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY . .
RUN deno task compile

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="sd-node" \
  org.opencontainers.image.description="Collects messages in a small cluster: nothing acknowledged is ever lost" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.licenses="MIT"

# The heartbeat's ping.
RUN command -v ping > /dev/null || { apt-get update --quiet=2 \
  && apt-get install --quiet=2 --yes --no-install-recommends iputils-ping \
  && rm -rf /var/lib/apt/lists/*; }

# Numbers, so that an engine can tell that it is not root. A new volume takes
# its owner from this directory.
RUN install --directory --owner=5000 --group=5000 /datos

COPY --from=build /src/sd-node /usr/local/bin/sd-node
# Where the build could not download deno's runtime, the executable unpacks
# itself: here, once, and not in a container whose disk is read-only.
ENV SD_CACHE_DIR=/var/cache/sd-node
RUN sd-node --version \
  && if [ -d "$SD_CACHE_DIR" ]; then chmod -R a+rX "$SD_CACHE_DIR"; fi

USER 5000:5000
# Messages of a data node, and the logs of every role.
WORKDIR /datos
VOLUME /datos
ENV SD_DIR=/datos
EXPOSE 5000
# SIGTERM drains; it is Docker's own signal to stop.
STOPSIGNAL SIGTERM
# The role and its flags come from SD_ROLE and the other SD_* variables.
HEALTHCHECK --interval=5s --timeout=15s --start-period=60s --retries=3 \
  CMD ["sd-node", "--check"]
ENTRYPOINT ["sd-node"]
