import { readWorkerConfig } from '../../worker/config';

const minimal = { RUNBOOKS_ESTATE: '/etc/runbooks/estate.yaml' };

test('defaults are sane and the estate is the only thing that must be told', () => {
  expect(readWorkerConfig(minimal, 7, 'host')).toEqual({
    estate: '/etc/runbooks/estate.yaml',
    taskQueue: 'runbooks',
    health: null,
    metrics: null,
    logLevel: 'info',
    shutdownGraceSeconds: 30,
    concurrentActivities: 40,
    awsTimeoutSeconds: 10,
    coalesce: true,
    handoverSeconds: 5,
    identity: 'runbooks@host:7',
    deployment: { name: 'bitbucket-runbooks', buildId: null, pinned: false },
  });
});

test('every wrong variable is named at once', () => {
  const wrong = {
    RUNBOOKS_LOG_LEVEL: 'loud',
    RUNBOOKS_HEALTH_ADDRESS: '8080',
    RUNBOOKS_CONCURRENT_ACTIVITIES: '0',
    RUNBOOKS_DEPLOYMENT_NAME: 'a.b',
    RUNBOOKS_BUILD_ID: 'one two',
    RUNBOOKS_VERSIONING: 'on',
  };
  const read = () => readWorkerConfig(wrong, 7, 'host');
  for (const name of ['RUNBOOKS_ESTATE is not set', ...Object.keys(wrong)]) expect(read).toThrow(name);
});

test('an empty address means none', () => {
  const config = readWorkerConfig(
    { ...minimal, RUNBOOKS_HEALTH_ADDRESS: '', RUNBOOKS_METRICS_ADDRESS: '' },
    7,
    'host',
  );
  expect([config.health, config.metrics]).toEqual([null, null]);
});
