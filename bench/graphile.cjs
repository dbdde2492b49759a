// graphile.cjs - graphile-worker for run.sh: see peer.cjs
const { req, pool, connectionString, measure } = require('./peer.cjs');
const gw = req('graphile-worker');
const logger = new gw.Logger(() => () => {});
const kinds = {
  best: { concurrentJobs: 24, maxPoolSize: 25, completeJobBatchDelay: 0, failJobBatchDelay: 0,
    localQueue: { size: 5000, refetchDelay: { durationMs: 10 } } },
  default: {},
  alone: { concurrentJobs: 2 },
};

measure({
  async prepare() {
    await gw.runMigrations({ connectionString, logger });
    await pool.query('truncate graphile_worker._private_jobs, graphile_worker._private_job_queues');
  },
  add: (n) => pool.query(
    'select 1 from graphile_worker.add_jobs(array(select json_populate_recordset('
    + 'null::graphile_worker.job_spec, $1::json)))',
    [JSON.stringify(Array.from({ length: n }, (_, i) => ({ identifier: 'noop', payload: { i, a: '0123456789' } })))]),
  addOne: () => pool.query("select graphile_worker.add_job('noop', '{}'::json)"),
  worker: (kind, onJobs) => gw.run({ preset: { worker: { connectionString, ...kinds[kind] } }, logger,
    noHandleSignals: true, taskList: { noop: () => onJobs(1) } }),
  table: 'graphile_worker._private_jobs',
  isLeft: 'select exists(select 1 from graphile_worker._private_jobs) as e',
}).catch((e) => { console.error(e.message); process.exit(1); });
