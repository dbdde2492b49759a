// peer.cjs - what run.sh measures of a peer:  bulk N | drain N best|default | pickup N
//
// A peer is { prepare, add(n), worker(kind, onJobs), table, isLeft, addOne }: kind is best, default (not of
// all) or alone; onJobs(count) is called inside the job; table is what is analyzed before a drain, and isLeft
// a query that tells in `e` whether anything is not recorded yet.
const { createRequire } = require('module');
const req = createRequire(`${process.env.PEERS_MODULES}/`);
const { Pool } = req('pg');
const connectionString = process.env.DATABASE_URL;
const pool = new Pool({ connectionString, max: 4 });
const now = () => Number(process.hrtime.bigint()) / 1e6;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const rate = (n, ms) => `${Math.floor(n / ms * 1000)} jobs a second (${(ms / 1000).toFixed(2)} s)`;

async function bulk(peer, n) {
  const start = now();
  await peer.add(n);
  return rate(n, now() - start);
}

async function drain(peer, n, kind) {
  for (let i = 0; i < n; i += 10000) await peer.add(Math.min(10000, n - i));
  await pool.query(`vacuum analyze ${peer.table}`);
  let left = n, worker;
  const start = now();
  await new Promise((resolve) => {
    peer.worker(kind, (count) => { left -= count; if (left === 0) resolve(); }).then((w) => { worker = w; });
  });
  // It has run them; ours are recorded as well when the worker ends.
  while ((await pool.query(peer.isLeft)).rows[0].e) await sleep(1);
  const took = now() - start;
  await worker.stop();
  return rate(n, took);
}

async function pickup(peer, n) {
  let entered;
  const worker = await peer.worker('alone', () => entered(now()));
  await sleep(1000);
  const ms = [];
  for (let i = 0; i < n; i++) {
    const start = now(), done = new Promise((resolve) => { entered = resolve; });
    await peer.addOne();
    ms.push(await done - start);
    await sleep(5);
  }
  await worker.stop();
  ms.sort((a, b) => a - b);
  const at = (p) => ms[Math.floor(n * p)].toFixed(2);
  return `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, longest ${ms[n - 1].toFixed(2)} ms`;
}

exports.connectionString = connectionString;
exports.pool = pool;
exports.req = req;
exports.measure = async (peer) => {
  const [, , mode, count, kind] = process.argv;
  await peer.prepare();
  console.log(await { bulk, drain, pickup }[mode](peer, Number(count), kind));
  process.exit(0);
};
