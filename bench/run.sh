#!/bin/sh
# run.sh - the figures of docs/performance.md, in turn with graphile-worker
#
#     DATABASE_URL=postgresql://... bench/run.sh [ROUNDS]
#
# Uses the schema plainjobs_bench of that database, and graphile_worker, and drops both at the end.
# The peer comes from npm into $PEERS (default: .bench in this tree); without npm it is left out.
set -eu
cd "$(dirname "$0")/.."
: "${DATABASE_URL:?a PostgreSQL database whose schemas plainjobs_bench and graphile_worker are free}"
tree=$PWD rounds=${1:-3} jobs=${JOBS:-100000} bulk=${BULK:-200000}
build=$tree/build-release
peers=${PEERS:-$tree/.bench}
work=$(mktemp -d)
case $DATABASE_URL in
*\?*) url="$DATABASE_URL&schema=plainjobs_bench" ;;
*) url="$DATABASE_URL?schema=plainjobs_bench" ;;
esac
worker=

sql() { psql -qAtX "$DATABASE_URL" -c "$1"; }
clean() {
    trap - EXIT INT TERM
    if [ -n "$worker" ]; then kill "$worker" 2>/dev/null && wait "$worker" || true; fi
    sql 'DROP SCHEMA IF EXISTS plainjobs_bench CASCADE; DROP SCHEMA IF EXISTS graphile_worker CASCADE' 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT
trap 'clean; exit 130' INT TERM

say() { printf '%-34s %s\n' "$1" "$2"; }
seconds() { # of a command
    start=$(date +%s.%N)
    "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }
    echo "$start $(date +%s.%N)" | awk '{ printf "%.2f", $2 - $1 }'
}
rate() { awk -v n="$1" -v s="$2" 'BEGIN { printf "%d jobs a second (%s s)", n / s, s }'; }

for program in bulk pickup; do
    library=libplain-jobs-main
    [ $program = bulk ] && library=libplain-jobs
    cc -O2 -std=gnu17 -Iinclude "bench/$program.c" "$build/src/$library.so" -o "$work/$program" \
        -Wl,-rpath,"$build/src"
done
peer=
if command -v npm >/dev/null; then
    mkdir -p "$peers"
    [ -d "$peers/node_modules/graphile-worker" ] ||
        npm install --silent --no-audit --no-fund --prefix "$peers" graphile-worker pg >/dev/null
    peer="node bench/graphile.cjs"
    export PEERS_MODULES="$peers/node_modules"
fi

ours_bulk() { say "plain-jobs bulk $bulk" "$("$work/bulk" "$url" "$bulk" | sed 's/.*: //')"; }
ours_drain() {
    "$work/pickup" "$url" "fill:$jobs"
    sql 'VACUUM ANALYZE plainjobs_bench.plainjobs_jobrequest'
    sql CHECKPOINT
    took=$(seconds "$work/pickup" --db "$url" jobs worker --drain --quiet --max-processes 2)
    say "plain-jobs drain $jobs" "$(rate "$jobs" "$took")"
}
ours_pickup() {
    "$work/pickup" --db "$url" jobs worker --max-processes 2 >"$work/log" 2>&1 &
    worker=$!
    sleep 2
    say "plain-jobs pick-up" "$("$work/pickup" "$url" 500 | sed 's/.*jobs: //')"
    kill "$worker" && wait "$worker" || true
    worker=
}

"$build/plain" --db "$url" migrate >/dev/null
for round in $(seq "$rounds"); do
    echo "round $round of $rounds, $(date -u +%FT%TZ), commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
    sql 'TRUNCATE plainjobs_bench.plainjobs_jobrequest, plainjobs_bench.plainjobs_jobresult'
    sql CHECKPOINT
    ours_bulk
    [ -z "$peer" ] || say "graphile-worker bulk $bulk" "$($peer bulk "$bulk")"
    sql 'TRUNCATE plainjobs_bench.plainjobs_jobrequest'
    sql CHECKPOINT
    ours_drain
    if [ -n "$peer" ]; then
        say "graphile-worker drain $jobs, best" "$($peer drain "$jobs" best)"
        say "graphile-worker drain 3000, default" "$($peer drain 3000 default)"
    fi
    ours_pickup
    [ -z "$peer" ] || say "graphile-worker pick-up" "$($peer pickup 500)"
done
