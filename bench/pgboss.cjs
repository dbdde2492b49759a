// pgboss.cjs - pg-boss for run.sh: see peer.cjs. It keeps a history, in the same table.
const { req, connectionString, measure } = require('./peer.cjs');
const { PgBoss } = req('pg-boss');
const queue = 'noop';
const kinds = {
  best: { batchSize: 1000, burstWhenBatchFull: true, localConcurrency: 2 },
  alone: {},
};
let boss;

async function open(options) {
  const opened = new PgBoss({ connectionString, supervise: false, schedule: false, ...options });
  opened.on('error', (e) => { console.error(e.message); process.exit(1); });
  await opened.start();
  return opened;
}

measure({
  async prepare() {
    boss = await open({ max: 16 });
    await boss.deleteQueue(queue).catch(() => {});
    await boss.createQueue(queue, { notify: true });
  },
  add: (n) => boss.insert(queue, Array.from({ length: n }, (_, i) => ({ data: { i, a: '0123456789' } }))),
  addOne: () => boss.send(queue, {}),
  async worker(kind, onJobs) {
    const worker = await open({ useListenNotify: true, max: 10 });
    await worker.work(queue, kinds[kind], async (jobs) => { onJobs(jobs.length); });
    return { stop: () => worker.stop({ graceful: false }) };
  },
  table: 'pgboss.job_common',
  isLeft: `select exists(select 1 from pgboss.job where name = '${queue}' and state < 'completed') as e`,
}).catch((e) => { console.error(e.message); process.exit(1); });
