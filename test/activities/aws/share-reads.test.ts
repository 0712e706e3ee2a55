import { SharedReads } from '../../../activities/aws/share-reads';
import { until } from '../../support/until';

interface Sent {
  readonly answer: (value: string) => void;
  readonly fail: (error: Error) => void;
}

/** Calls that are answered by the test, in the order in which they were sent. */
function world() {
  const reads = new SharedReads();
  const sent: Sent[] = [];
  const ask = (key = 'same'): Promise<string> =>
    reads.share(key, () => new Promise<string>((answer, fail) => sent.push({ answer, fail })));
  return { sent, ask };
}

test('a read alone is sent at once', async () => {
  const { sent, ask } = world();
  const answer = ask();
  expect(sent).toHaveLength(1);
  sent[0]!.answer('now');
  expect(await answer).toBe('now');
});

test('those who ask while one is under way share the next, which is sent after they asked', async () => {
  const { sent, ask } = world();
  const first = ask();
  const others = [ask(), ask(), ask()];
  expect(sent).toHaveLength(1);
  sent[0]!.answer('old');
  expect(await first).toBe('old');
  await until('the shared call', () => sent.length === 2 || undefined);
  sent[1]!.answer('new');
  expect(await Promise.all(others)).toEqual(['new', 'new', 'new']);
  expect(sent).toHaveLength(2);
});

test('a read that hangs is not waited for', async () => {
  const { sent, ask } = world();
  void ask();
  const second = ask();
  await until('the second call', () => sent.length === 2 || undefined);
  sent[1]!.answer('there');
  expect(await second).toBe('there');
});

test('nothing is kept: whoever asks later is asked for anew', async () => {
  const { sent, ask } = world();
  const first = ask();
  sent[0]!.answer('then');
  await first;
  const later = ask();
  expect(sent).toHaveLength(2);
  sent[1]!.answer('now');
  expect(await later).toBe('now');
});

test('different reads share nothing', () => {
  const { sent, ask } = world();
  void ask('one');
  void ask('two');
  expect(sent).toHaveLength(2);
});

test('a failure reaches all who share it, and an abort of one asker only himself', async () => {
  const { sent, ask } = world();
  const failed = Promise.allSettled([ask(), ask(), ask()]);
  sent[0]!.answer('fine');
  await until('the shared call', () => sent.length === 2 || undefined);
  sent[1]!.fail(new Error('throttled'));
  expect((await failed).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);

  const former = sent.length;
  const [leading, first, second] = [ask(), ask(), ask()];
  const aborted = expect(first).rejects.toThrow('aborted');
  sent[former]!.answer('fine');
  await leading;
  await until('the shared call', () => sent.length === former + 2 || undefined);
  sent[former + 1]!.fail(Object.assign(new Error('aborted'), { name: 'AbortError' }));
  await aborted;
  await until('the call of its own', () => sent.length === former + 3 || undefined);
  sent[former + 2]!.answer('own');
  expect(await second).toBe('own');
});
