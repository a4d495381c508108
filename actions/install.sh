#!/usr/bin/env bash
# Makes the programs of stk-runtime available to the steps of an action: install.sh <program>...
#
# Sets the step's output `bin`, the folder that they are in. That is STK_RUNTIME_BIN_DIR when it is set; otherwise the release
# archive of the action's own ref is downloaded, checked against the release's SHA256SUMS and kept in the runner's tool cache.
#
#   STK_RUNTIME_BIN_DIR       a folder that has the programs already
#   STK_RUNTIME_RELEASES_URL  where the releases are, in place of <server>/<action repository>/releases/download: a mirror, or
#                             file:// and a folder; below it, <ref>/<archive> and <ref>/SHA256SUMS
#   STK_RUNTIME_VERSION       the release to take, in place of the action's ref: for an action that is pinned by commit
#   STK_ACTION_REPOSITORY, STK_ACTION_REF   github.action_repository and github.action_ref, passed by action.yml
#
# Needs bash, curl, tar with gzip, sha256sum (or shasum), and mkdir, mktemp, mv and rm.
set -euo pipefail

temporary=""
trap '[[ -z "$temporary" ]] || rm -rf -- "$temporary"' EXIT

# fail <message> [<help>]...
fail() {
  printf 'error: %s\n' "$1" >&2
  if (( $# > 1 )); then
    printf '  help: %s\n' "${@:2}" >&2
  fi
  if [[ "${GITHUB_ACTIONS:-}" == true ]]; then
    local message=$1
    message=${message//'%'/%25}
    message=${message//$'\r'/%0D}
    message=${message//$'\n'/%0A}
    printf '::error title=stk-runtime is not available::%s\n' "$message" >&2
  fi
  # What every program of this project exits with for a problem with its inputs.
  exit 10
}

# finish <folder>: the folder becomes the output `bin`.
finish() {
  if [[ "$1" == *$'\n'* ]]; then
    fail "the folder of the programs has a line break in its name"
  fi
  printf 'bin=%s\n' "$1" >>"${GITHUB_OUTPUT:-/dev/stdout}"
  exit 0
}

# has_programs <folder> <program>...: sets `missing` to the first program that is not there.
has_programs() {
  local folder=$1 program
  shift
  for program in "$@"; do
    if [[ ! -f "$folder/$program" || ! -x "$folder/$program" ]]; then
      missing=$program
      return 1
    fi
  done
}

# download <address> <file>
download() {
  local status=0
  http=$(curl --fail --silent --show-error --location --retry 3 --connect-timeout 20 \
    --proto '=https,http,file' --proto-redir '=https' \
    --write-out '%{http_code}' --output "$2" -- "$1" 2>"$2.error") || status=$?
  if (( status == 0 )); then
    return
  fi
  # 22: the server said no; 37: a file:// that cannot be read.
  if (( status == 37 )) || [[ "$http" == 404 ]]; then
    fail "there is no $1" \
      "use the action at a release, e.g. @v1.0.0; for an action pinned by commit, set STK_RUNTIME_VERSION to its release" \
      "without access to the releases, set STK_RUNTIME_RELEASES_URL to a mirror or STK_RUNTIME_BIN_DIR to a folder with the programs"
  fi
  fail "$1 cannot be downloaded: $(<"$2.error")" \
    "without access to the releases, set STK_RUNTIME_RELEASES_URL to a mirror or STK_RUNTIME_BIN_DIR to a folder with the programs"
}

# digest_of <file>: prints its SHA-256.
digest_of() {
  local digest
  if command -v sha256sum >/dev/null; then
    digest=$(sha256sum <"$1")
  elif command -v shasum >/dev/null; then
    digest=$(shasum -a 256 <"$1")
  else
    fail "neither sha256sum nor shasum is on the PATH, so the download cannot be verified"
  fi
  printf '%s' "${digest%% *}"
}

# listed_digest <SHA256SUMS> <name>: prints the digest that the list has for the name, if any.
listed_digest() {
  local digest name
  while read -r digest name || [[ -n "$digest" ]]; do
    name=${name%$'\r'}
    if [[ "${name#\*}" == "$2" ]]; then
      printf '%s' "$digest"
      return
    fi
  done <"$1"
}

if (( $# == 0 )); then
  fail "install.sh needs the names of the programs"
fi

missing=""
if [[ -n "${STK_RUNTIME_BIN_DIR:-}" ]]; then
  if ! has_programs "$STK_RUNTIME_BIN_DIR" "$@"; then
    fail "STK_RUNTIME_BIN_DIR is '$STK_RUNTIME_BIN_DIR', which has no program '$missing'" \
      "build the programs with 'cargo build --release', or unset the variable to use a release"
  fi
  finish "$STK_RUNTIME_BIN_DIR"
fi

case "${RUNNER_OS:-}/${RUNNER_ARCH:-}" in
  Linux/X64) target=x86_64-unknown-linux-musl ;;
  Linux/ARM64) target=aarch64-unknown-linux-musl ;;
  macOS/X64) target=x86_64-apple-darwin ;;
  macOS/ARM64) target=aarch64-apple-darwin ;;
  *)
    fail "there is no release for this runner (RUNNER_OS is '${RUNNER_OS:-}', RUNNER_ARCH is '${RUNNER_ARCH:-}')" \
      "there are releases for Linux and macOS on X64 and ARM64; elsewhere, build the programs and set STK_RUNTIME_BIN_DIR"
    ;;
esac

ref=${STK_RUNTIME_VERSION:-${STK_ACTION_REF:-}}
if [[ -z "$ref" ]]; then
  fail "the action has no ref to take a release of, because it is used by a local path" \
    "set STK_RUNTIME_BIN_DIR to a folder with the programs, or STK_RUNTIME_VERSION to a release"
fi
if [[ ! "$ref" =~ ^[A-Za-z0-9][A-Za-z0-9._+-]*$ ]]; then
  fail "the action's ref '$ref' cannot be a release" "use the action at a release, e.g. @v1.0.0"
fi

releases=${STK_RUNTIME_RELEASES_URL:-}
if [[ -z "$releases" ]]; then
  if [[ -z "${STK_ACTION_REPOSITORY:-}" ]]; then
    fail "the action's repository is unknown, because it is used by a local path" \
      "set STK_RUNTIME_BIN_DIR to a folder with the programs, or STK_RUNTIME_RELEASES_URL to the releases"
  fi
  releases="${GITHUB_SERVER_URL:-https://github.com}/$STK_ACTION_REPOSITORY/releases/download"
fi
releases=${releases%/}

cache=${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-}}
if [[ -z "$cache" ]]; then
  fail "neither RUNNER_TOOL_CACHE nor RUNNER_TEMP is set, so there is no folder to install into"
fi

parent="$cache/stk-runtime/$ref"
folder="$parent/$RUNNER_ARCH"
# Written last, so a folder without it is what an interrupted step left behind. Holds the archive's digest.
marker=.installed
archive="stk-runtime-$ref-$target.tar.gz"

is_complete() {
  [[ -f "$folder/$marker" ]] && has_programs "$folder" "$@"
}

# A full version never changes, so nothing needs to be asked; `v1` or a branch may have moved since.
if [[ "$ref" =~ ^v?[0-9]+\.[0-9]+\.[0-9]+ ]] && is_complete "$@"; then
  printf 'stk-runtime %s is in the tool cache\n' "$ref" >&2
  finish "$folder"
fi

mkdir -p -- "$parent" || fail "the tool cache '$parent' cannot be written"
# Beside its place, so that the rename below cannot be a copy.
temporary=$(mktemp -d "$parent/.install.XXXXXXXX") || fail "the tool cache '$parent' cannot be written"

download "$releases/$ref/SHA256SUMS" "$temporary/SHA256SUMS"
expected=$(listed_digest "$temporary/SHA256SUMS" "$archive")
if [[ ! "$expected" =~ ^[0-9a-f]{64}$ ]]; then
  fail "$releases/$ref/SHA256SUMS has no SHA-256 of $archive"
fi

use_if_current() {
  if is_complete "$@" && [[ "$(<"$folder/$marker")" == "$expected" ]]; then
    printf 'stk-runtime %s is in the tool cache\n' "$ref" >&2
    finish "$folder"
  fi
}
use_if_current "$@"

download "$releases/$ref/$archive" "$temporary/$archive"
actual=$(digest_of "$temporary/$archive")
if [[ "$actual" != "$expected" ]]; then
  fail "$releases/$ref/$archive is not what SHA256SUMS says: its SHA-256 is $actual, not $expected" \
    "nothing of it was used; run the job again, and if it happens again, tell whoever publishes the release"
fi

mkdir -- "$temporary/new"
tar -xzf "$temporary/$archive" -C "$temporary/new" || fail "$archive cannot be unpacked"
if ! has_programs "$temporary/new" "$@"; then
  fail "$archive has no program '$missing'"
fi
printf '%s' "$expected" >"$temporary/new/$marker"

# Another job may have been faster; its copy is in use and stays. An older or half-installed one makes way. Of two jobs that get
# here together, the one whose rename comes second would move its folder into the first one's; it is taken out again.
use_if_current "$@"
if [[ -e "$folder" ]]; then
  mv -- "$folder" "$temporary/old" 2>/dev/null || true
fi
mv -- "$temporary/new" "$folder" || fail "the tool cache '$folder' cannot be written"
if [[ -d "$folder/new" ]]; then
  rm -rf -- "$folder/new"
fi
printf 'stk-runtime %s was installed into %s\n' "$ref" "$folder" >&2
finish "$folder"
