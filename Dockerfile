# syntax=docker/dockerfile:1
# The operator's image: built on Debian 12, run on Debian 12 slim without a compiler, as user 65532.
# tests/e2e/image/prove.py carries out these steps in a plain chroot, where no container engine is at hand; it knows the
# instructions used here and no others.

FROM debian:12-slim AS build
WORKDIR /src
COPY .ci/prepare .ci/prepare
RUN .ci/prepare && rm -rf /var/lib/apt/lists/*
COPY CMakeLists.txt CMakeLists.txt
COPY crds crds
COPY reconcilers reconcilers
COPY controller controller
COPY tests tests
RUN cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo && cmake --build build --target datamesh
RUN install -D --strip build/datamesh /out/datamesh

FROM debian:12-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      ca-certificates libbrotli1 libcpprest2.10 libfmt9 libmimalloc2.0 libprometheus-cpp-core1.0 libpugixml1v5 libre2-9 libsimdjson14 \
      libspdlog1.10 libsqlite3-0 libssl3 libstdc++6 libyaml-cpp0.7 \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o 65532 -g 65532 -m 0700 /var/lib/datamesh
COPY --from=build /out/datamesh /usr/local/bin/datamesh
RUN ln -s datamesh /usr/local/bin/kubectl-datamesh && datamesh version
ENV DATAMESH_HOME=/var/lib/datamesh/state
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/datamesh"]
CMD ["run"]
