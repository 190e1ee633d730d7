# Shared by ./demo, ./test and ./bench: talking to the person, phases with their times, installing and
# building. Sourced, never run.

WINDLASS_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WINDLASS_BUILD=$WINDLASS_ROOT/build
WINDLASS_LOGS=$WINDLASS_BUILD/logs
WINDLASS_YES=${WINDLASS_YES:-0}

say() { printf '%s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }
die() { complain "$*"; exit 2; }

# phase NAME COMMAND...: runs the command, output to a log file, and says how long it took.
phase() {
  local name=$1 log started took status=0
  shift
  mkdir -p "$WINDLASS_LOGS"
  log=$WINDLASS_LOGS/$(printf '%s' "$name" | tr -c 'A-Za-z0-9\n' '-').log
  started=$SECONDS
  printf '  %-44s ' "$name"
  [ -t 1 ] || printf '\n'
  "$@" >"$log" 2>&1 || status=$?
  took=$((SECONDS - started))
  [ -t 1 ] || printf '  %-44s ' "$name"
  if [ "$status" -eq 0 ]; then
    printf 'ok %5d s\n' "$took"
  else
    printf 'FAILED after %d s; the end of %s:\n' "$took" "$log"
    tail -n 40 "$log"
  fi
  return "$status"
}

require_debian_12() {
  local id='' version=''
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release && printf '%s' "${ID:-}")
    version=$(. /etc/os-release && printf '%s' "${VERSION_ID:-}")
  fi
  [ "$id" = debian ] && [ "$version" = 12 ] && return 0
  [ "${WINDLASS_ANY_SYSTEM:-}" = 1 ] && return 0
  die "This script installs its tools on Debian 12 only; this is ${id:-an unknown system} ${version}.
What works: a Debian 12 host, virtual machine or container. If you have g++ 12 or newer, CMake 3.25 and the
libraries that docs/ARCHITECTURE.md lists, set WINDLASS_ANY_SYSTEM=1 and the installing step is left out."
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# ask QUESTION: yes without a terminal or with --yes.
ask() {
  [ "$WINDLASS_YES" = 1 ] && return 0
  [ -t 0 ] || return 0
  local reply
  read -r -p "$1 [Y/n] " reply
  case $reply in '' | [Yy]*) return 0 ;; *) return 1 ;; esac
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || printf '%s ' "$package"
  done
}

install_now() {
  # Debian's packages may bring services (prometheus does): none of them is started by us.
  local policy=/usr/sbin/policy-rc.d placed=0 status=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
    placed=1
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" || status=$?
  [ "$placed" -eq 1 ] && as_root rm -f "$policy"
  return "$status"
}

# install_packages PURPOSE PACKAGE...: lists what is missing and how large it is, asks, installs.
install_packages() {
  local purpose=$1 missing size
  shift
  [ "${WINDLASS_ANY_SYSTEM:-}" = 1 ] && return 0
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || die "apt-get is not here; install by hand: $missing"
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    die "Not root and no sudo: ask somebody to run: apt-get install --no-install-recommends $missing"
  fi
  phase "package lists" as_root apt-get update || return 1
  # shellcheck disable=SC2086
  size=$(apt-get install -s --no-install-recommends -o Debug::NoLocking=1 $missing 2>/dev/null | grep -c '^Inst ' || true)
  say "To be installed $purpose ($size packages with what they need):"
  say "  $missing"
  # shellcheck disable=SC2086
  LC_ALL=C apt-get install --assume-no --no-install-recommends $missing 2>/dev/null |
    grep -E '^(Need to get|After this operation)' | sed 's/^/  /' || true
  ask "Install them?" || die "Nothing was installed. Without these packages there is no way on."
  # shellcheck disable=SC2086
  phase "install $purpose" install_now $missing
}

BUILD_PACKAGES="g++ cmake ninja-build ccache pkg-config capnproto libcapnp-dev libzmq3-dev cppzmq-dev liblmdb-dev
  prometheus-cpp-dev libboost1.81-dev libboost-json1.81-dev libboost-test1.81-dev libsimdjson-dev libssl-dev
  curl libcurl4-openssl-dev libcli11-dev libspdlog-dev libtomlplusplus-dev libhowardhinnant-date-dev libsodium-dev
  librapidcheck-dev libbenchmark-dev libcivetweb-dev libjemalloc-dev zlib1g-dev ca-certificates"
DEMO_PACKAGES="povray ffmpeg"
TEST_PACKAGES="clang-format-14 azure-cli python3-azure python3-venv prometheus prometheus-alertmanager procps iproute2 openssl
  openmpi-bin libopenmpi-dev"
CLUSTER_PACKAGES="docker.io docker-compose debootstrap dpkg-dev iptables"
FUZZ_PACKAGES="clang-19 libclang-rt-19-dev llvm-19"

install_for_build() { install_packages "for building" $BUILD_PACKAGES; }
install_for_demo() { install_packages "for the film" $DEMO_PACKAGES; install_node; }
install_for_tests() { install_packages "for the tests" $DEMO_PACKAGES $TEST_PACKAGES $CLUSTER_PACKAGES; install_node; install_python_clients; }
install_for_fuzzing() { install_packages "for fuzzing" $FUZZ_PACKAGES; }

# Node 20 or newer: the system's if it is, else npm's package `node` inside the build folder.
NODE_MAJOR_MIN=20
node_is_new() {
  local version
  version=$(node --version 2>/dev/null) || return 1
  version=${version#v}
  [ "${version%%.*}" -ge "$NODE_MAJOR_MIN" ]
}
install_node() {
  PATH=$WINDLASS_BUILD/node/node_modules/.bin:$PATH
  node_is_new && command -v npm >/dev/null && return 0
  command -v npm >/dev/null || install_packages "for JavaScript" nodejs npm
  node_is_new && return 0
  mkdir -p "$WINDLASS_BUILD/node"
  phase "Node $NODE_MAJOR_MIN into build/node" \
    npm install --no-audit --no-fund --prefix "$WINDLASS_BUILD/node" "node@$NODE_MAJOR_MIN"
}

# The azure-batch packages that are newer than Debian's, each in an environment of its own.
PYTHON_CLIENTS="15.1.0 14.2.0"
install_python_clients() {
  local version missing=''
  for version in $PYTHON_CLIENTS; do
    [ -e "$WINDLASS_BUILD/python/azure-batch-$version/installed" ] || missing="$missing $version"
  done
  [ -n "$missing" ] || return 0
  say "To be installed for the tests into build/python, from the Python package index, about 60 MB and 30 s each:"
  say "  azure-batch$missing"
  ask "Install them?" || die "Nothing was installed. Without them the suites python14 and python15 cannot run."
  # shellcheck disable=SC2086
  phase "newer azure-batch into build/python" "$WINDLASS_ROOT/tests/support/python_clients.py" $missing
}

# build PRESET [TARGET...]: configures when needed and builds.
build() {
  local preset=$1
  shift
  cd "$WINDLASS_ROOT" || return 1
  if [ ! -f "build/$preset/build.ninja" ]; then
    phase "configure $preset" cmake --preset "$preset" || return 1
  fi
  phase "build $preset" nice ninja -C "build/$preset" "$@" || return 1
  if [ "$preset" = release ]; then
    mkdir -p "$WINDLASS_BUILD/bin"
    local program
    for program in "$WINDLASS_BUILD/release/bin/"windlass*; do
      [ -x "$program" ] && ln -sf "../release/bin/$(basename "$program")" "$WINDLASS_BUILD/bin/"
    done
  fi
}
