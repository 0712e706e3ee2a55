import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import type { History } from '@temporalio/common/lib/proto-utils';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { BACKUP_WORLDS } from '../histories/backup-paths';
import { FAILOVER_WORLDS } from '../histories/failover-paths';
import { OTHER_WORLDS } from '../histories/other-paths';
import { TOY_PATHS } from '../histories/toy-paths';
import { keepRuntimeQuiet } from '../support/quiet-runtime';
import { servedRunbooks } from '../support/served-runbooks';

const DIRECTORY = join(__dirname, '../fixtures/histories');
const FILES = readdirSync(DIRECTORY).filter((file) => file.endsWith('.json'));

beforeAll(keepRuntimeQuiet);

function load(file: string): History {
  return historyFromJSON(JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8')));
}

/** Replays a run that was recorded with the code of its day against the workflows as they are now. */
function replay(history: History): Promise<void> {
  const id = history.events![0]!.workflowExecutionStartedEventAttributes!.workflowId ?? 'recorded';
  const codePath = process.env['TEST_BUNDLE'] ?? '';
  return Worker.runReplayHistory({ workflowBundle: { codePath } }, history, id);
}

test('every path that is recorded has its recording', () => {
  const backups = [...BACKUP_WORLDS, ...OTHER_WORLDS].flatMap(({ paths }) => paths);
  const names = [...TOY_PATHS, ...FAILOVER_WORLDS.flat(), ...backups].map(({ name }) => `${name}.json`);
  expect(FILES).toEqual(
    expect.arrayContaining([...names, 'instance-lease-1.json', 'instance-lease-toy.json']),
  );
});

test('each workflow that workers serve has a recorded history', () => {
  const recorded = FILES.map(
    (file) => load(file).events![0]!.workflowExecutionStartedEventAttributes!.workflowType!.name,
  );
  expect(recorded).toEqual(expect.arrayContaining([...servedRunbooks(), 'instanceLease']));
});

test.each(FILES)('%s replays with the workflows as they are now', async (file) => {
  await replay(load(file));
});

test('a step that comes under another name is found out', async () => {
  const history = load('toy-succeeded.json');
  const scheduled = history.events!.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'second.run',
  )!;
  scheduled.activityTaskScheduledEventAttributes!.activityType!.name = 'formerSecond.run';
  await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
});

test('a search attribute that is set once less is found out', async () => {
  const history = load('toy-succeeded.json');
  const upsert = history.events!.findIndex((event) => event.upsertWorkflowSearchAttributesEventAttributes);
  const { timerStartedEventAttributes: _none, ...event } = history.events![upsert]!;
  history.events![upsert] = {
    ...event,
    eventType: 17, // EVENT_TYPE_TIMER_STARTED
    upsertWorkflowSearchAttributesEventAttributes: null,
    timerStartedEventAttributes: { timerId: '1', startToFireTimeout: { seconds: 1 as never } },
  };
  await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
});
