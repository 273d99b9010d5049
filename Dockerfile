# timegan on a CPU: docker build -t timegan . && docker run --rm -v "$PWD:/data" timegan train dataset=csv dataset.path=my.csv
FROM python:3.12-slim AS build
WORKDIR /source
RUN python -m venv /opt/timegan
COPY constraints.txt pyproject.toml setup.py README.md LICENSE ./
COPY conf conf
COPY src src
# .git is not copied: a release passes its version.
ARG VERSION=0.1.0.dev0
RUN SETUPTOOLS_SCM_PRETEND_VERSION="$VERSION" /opt/timegan/bin/pip install --no-cache-dir --no-compile \
    --constraint constraints.txt --extra-index-url https://download.pytorch.org/whl/cpu . \
    && rm -r /opt/timegan/lib/python3.12/site-packages/torch/include /opt/timegan/lib/python3.12/site-packages/torch/test

FROM python:3.12-slim
# No compiler: the optional C++ kernels stay off, and torch computes instead.
ENV PATH=/opt/timegan/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TIMEGAN_NATIVE=0 \
    TIMEGAN_CACHE=/tmp/timegan MPLCONFIGDIR=/tmp/matplotlib
COPY --from=build /opt/timegan /opt/timegan
RUN useradd --create-home --uid 1000 timegan
USER 1000
WORKDIR /data
ENTRYPOINT ["timegan"]
CMD ["--help"]
