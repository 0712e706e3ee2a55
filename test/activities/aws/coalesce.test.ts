import { askSeparately, askTogether } from '../../../activities/aws/coalesce';

function recorder(fail: (call: number) => Error | undefined = () => undefined) {
  const calls: (readonly string[])[] = [];
  const askMany = async (keys: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    calls.push(keys);
    const error = fail(calls.length);
    if (error !== undefined) throw error;
    return new Map(keys.filter((key) => key !== 'missing').map((key) => [key, `${key}!`]));
  };
  return { calls, askMany };
}

test('what is asked at about the same time is one call, without repetition; what is missing does not exist', async () => {
  const client = {};
  const { calls, askMany } = recorder();
  const names = ['a', 'b', 'a', 'missing'];
  const found = await Promise.all(names.map((name) => askTogether(client, 'snapshots', name, askMany)));
  expect([found, calls]).toEqual([['a!', 'b!', 'a!', undefined], [['a', 'b', 'missing']]]);
});

test('questions of another kind, or to another client, are calls of their own', async () => {
  const client = {};
  const { calls, askMany } = recorder();
  await Promise.all([
    askTogether(client, 'snapshots', 'a', askMany),
    askTogether(client, 'volumes', 'a', askMany),
    askTogether({}, 'snapshots', 'a', askMany),
  ]);
  expect(calls).toEqual([['a'], ['a'], ['a']]);
});

test('no call has more names than an API takes', async () => {
  const client = {};
  const { calls, askMany } = recorder();
  const names = Array.from({ length: 250 }, (_, number) => `n${number}`);
  await Promise.all(names.map((name) => askTogether(client, 'snapshots', name, askMany)));
  expect(calls.map((keys) => keys.length)).toEqual([100, 100, 50]);
});

test('nothing is kept: a later question is a new call', async () => {
  const client = {};
  const { calls, askMany } = recorder();
  await askTogether(client, 'snapshots', 'a', askMany);
  await askTogether(client, 'snapshots', 'a', askMany);
  expect(calls).toHaveLength(2);
});

test('a call that was cancelled with the activity that asked first is made again by the others', async () => {
  const aborted = Object.assign(new Error('Request aborted'), { name: 'AbortError' });
  const { calls, askMany } = recorder((call) => (call === 1 ? aborted : undefined));
  const client = {};
  const found = await Promise.all(['a', 'b'].map((name) => askTogether(client, 'snapshots', name, askMany)));
  expect([found, calls]).toEqual([
    ['a!', 'b!'],
    [['a', 'b'], ['a'], ['b']],
  ]);
});

test('any other failure is that of all who asked', async () => {
  const { askMany } = recorder(() => new Error('Throttling'));
  const client = {};
  const asked = ['a', 'b'].map((name) => askTogether(client, 'snapshots', name, askMany));
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('a client that is asked separately gets one call for each question, at once', async () => {
  const client = {};
  askSeparately(client);
  const { calls, askMany } = recorder();
  await Promise.all(['a', 'a'].map((name) => askTogether(client, 'snapshots', name, askMany)));
  expect(calls).toEqual([['a'], ['a']]);
});
