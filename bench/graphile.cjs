// graphile.cjs - graphile-worker for run.sh:  bulk N | drain N best|default | pickup N
const { createRequire } = require('module');
const req = createRequire(`${process.env.PEERS_MODULES}/`);
const { Pool } = req('pg');
const gw = req('graphile-worker');
const [, , mode, count, kind] = process.argv;
const n = Number(count), connectionString = process.env.DATABASE_URL;
const pool = new Pool({ connectionString, max: 4 });
const logger = new gw.Logger(() => () => {});
const now = () => Number(process.hrtime.bigint()) / 1e6;
const best = { concurrentJobs: 24, maxPoolSize: 25, completeJobBatchDelay: 0, failJobBatchDelay: 0,
  localQueue: { size: 5000, refetchDelay: { durationMs: 10 } } };

const add = (jobs) => pool.query(
  'select 1 from graphile_worker.add_jobs(array(select json_populate_recordset('
  + 'null::graphile_worker.job_spec, $1::json)))', [JSON.stringify(jobs)]);
const some = (k) => Array.from({ length: k }, (_, i) => ({ identifier: 'noop', payload: { i, a: '0123456789' } }));
const run = (worker, noop) => gw.run({ preset: { worker: { connectionString, ...worker } }, logger,
  noHandleSignals: true, taskList: { noop } });
const rate = (ms) => `${Math.floor(n / ms * 1000)} jobs a second (${(ms / 1000).toFixed(2)} s)`;

async function bulk() {
  const start = now();
  await add(some(n));
  return rate(now() - start);
}

async function drain() {
  for (let i = 0; i < n; i += 10000) await add(some(Math.min(10000, n - i)));
  await pool.query('vacuum analyze graphile_worker._private_jobs');
  let left = n, runner;
  const start = now();
  await new Promise((resolve) => {
    run(kind === 'best' ? best : {}, () => { if (--left === 0) resolve(); }).then((r) => { runner = r; });
  });
  // It has run them; ours are recorded as well when the worker ends.
  while ((await pool.query('select exists(select 1 from graphile_worker._private_jobs) as e')).rows[0].e)
    await new Promise((resolve) => setTimeout(resolve, 1));
  const took = now() - start;
  await runner.stop();
  return rate(took);
}

async function pickup() {
  let entered;
  const runner = await run({ concurrentJobs: 2 }, () => entered(now()));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const ms = [];
  for (let i = 0; i < n; i++) {
    const start = now(), done = new Promise((resolve) => { entered = resolve; });
    await pool.query("select graphile_worker.add_job('noop', '{}'::json)");
    ms.push(await done - start);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await runner.stop();
  ms.sort((a, b) => a - b);
  const at = (p) => ms[Math.floor(n * p)].toFixed(2);
  return `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, longest ${ms[n - 1].toFixed(2)} ms`;
}

(async () => {
  await gw.runMigrations({ connectionString, logger });
  await pool.query('truncate graphile_worker._private_jobs, graphile_worker._private_job_queues');
  console.log(await { bulk, drain, pickup }[mode]());
  process.exit(0);
})().catch((e) => { console.error(e.message); process.exit(1); });
