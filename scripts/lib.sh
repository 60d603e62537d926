# Shared by the scripts beside it; to be sourced.

set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Whom PostgreSQL runs as: it refuses root.
server_user() {
    if [ "$(id -u)" -ne 0 ]; then
        id -un 2>/dev/null || id -u
    elif id -u postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# "${as_server_user[@]}" COMMAND...: without the caller's environment, since PG* variables there
# mean other servers. A list and not a function: a background job must keep its process id.
as_server_user=(env -i -C / PATH=/usr/bin:/bin LC_ALL=C.UTF-8 TZ=UTC setpriv)
if [ "$(id -u)" -eq 0 ]; then
    as_server_user+=("--reuid=$(id -u "$(server_user)")" "--regid=$(id -g "$(server_user)")" --clear-groups)
fi
# A script that is killed outright still takes its server along.
as_server_user+=(--pdeathsig INT --)

# The folder for fetched programs. Root's server runs as somebody else, who must be able to walk
# there; a checkout below a closed home is no place for it.
tools_dir() {
    local wanted=${SALLYPORT_TOOLS:-$checkout/.tools}
    mkdir -p "$wanted"
    wanted=$(cd "$wanted" && pwd -P)
    if [ -z "${SALLYPORT_TOOLS:-}" ] && ! "${as_server_user[@]}" test -x "$wanted"; then
        wanted=/var/cache/sallyport
        mkdir -p "$wanted"
        chmod 755 "$wanted"
    fi
    echo "$wanted"
}

# A Python that has pip, wherever the distribution put it.
python_with_pip() {
    local python
    for python in python3 /usr/bin/python3 python; do
        if "$python" -m pip --version >/dev/null 2>&1; then
            echo "$python"
            return
        fi
    done
    return 1
}

step() {
    printf '\n== %s (%s s in)\n' "$*" "$SECONDS"
}

# Installs Debian packages where that needs no questions; says what to do elsewhere.
# need WHAT PROGRAM PACKAGE...
need() {
    local what=$1 program=$2
    shift 2
    command -v "$program" >/dev/null 2>&1 && return
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        echo "installing $*"
        apt-get update -qq </dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" </dev/null >/dev/null
    fi
    command -v "$program" >/dev/null 2>&1 ||
        fail "$what needs \`$program\`. Install it (Debian: apt-get install $*) and run this again"
}

# Finds cargo, also when HOME is not where rustup put it.
need_cargo() {
    cargo --version >/dev/null 2>&1 && return
    local home
    home=$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6)
    if [ -x "$home/.cargo/bin/cargo" ]; then
        export PATH="$home/.cargo/bin:$PATH"
        export RUSTUP_HOME="${RUSTUP_HOME:-$home/.rustup}"
    fi
    cargo --version >/dev/null 2>&1 ||
        fail "this needs Rust 1.94 or newer with rustfmt and clippy; see https://rustup.rs"
}

# Caches go beside the other tools where HOME is of no use.
if [ ! -w "${HOME:-}" ]; then
    export npm_config_cache="$checkout/.tools/npm-cache"
    export CARGO_HOME="${CARGO_HOME:-$checkout/.tools/cargo}"
fi
