# Grades assignments, without a network and away from the teacher's files. Build it once, with a network, in the course's folder:
#
#     docker build -t vae-grader .
#
# Then, without a network, in the folder in which you would type `nbgrader`:
#
#     docker run --rm --network none --user "$(id -u):$(id -g)" -v "$PWD":/class vae-grader autograde 04_exercises
#     docker run --rm --network none --user "$(id -u):$(id -g)" -v "$PWD":/class vae-grader generate_feedback 04_exercises
#
# The container sees this folder and nothing else.

FROM python:3.12-slim

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1

WORKDIR /course
COPY requirements.txt pyproject.toml README.md LICENSE ./
COPY notebooks notebooks
COPY vae_edu vae_edu
RUN python vae_edu/course/learner/torch_build.py \
 && pip install -r requirements.txt \
 && pip install -e '.[teach]'

# Any user may run it. What Jupyter and matplotlib write for themselves goes to a folder that is gone afterwards.
ENV HOME=/tmp MPLCONFIGDIR=/tmp/matplotlib OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
USER 65534
WORKDIR /class
ENTRYPOINT ["nbgrader"]
CMD ["--help"]
