import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BitbucketClient } from '../../../activities/bitbucket/client';
import { lockBitbucketImplementation } from '../../../activities/bitbucket/lock-bitbucket';
import { checkMirrorsImplementation } from '../../../activities/bitbucket/check-mirrors';
import { rebuildSearchImplementation } from '../../../activities/bitbucket/rebuild-search';
import { smokeTestImplementation } from '../../../activities/bitbucket/smoke-test';
import { verifyServiceImplementation } from '../../../activities/bitbucket/verify-service';
import { inCallScope } from '../../../activities/runbook/call-scope';
import type { OutgoingCall } from '../../../activities/runbook/call-scope';
import { readAnswered } from '../../../lab/bitbucket/answer-faults';
import { later } from '../../../workflows/runbook/later';
import { ADMINISTRATOR, DEVELOPER, Site } from '../../lab/bitbucket/site';
import { CONTEXT } from '../hosts/file-server-world';
import { administrator, BitbucketWorld, GROUP, NAME, probe, REPOSITORY } from './bitbucket-world';
import { WebServer } from './web-server';

let world: BitbucketWorld;
beforeAll(async () => {
  world = await BitbucketWorld.start();
  await world.startNodes(2);
});
afterAll(() => world.stop());
beforeEach(() => {
  world.instances = undefined;
  world.pointTo(world.addressOf(world.node(0)));
});

describe('smoke test', () => {
  const parts = () => smokeTestImplementation(world.dependencies).parts;
  const input = () => ({ url: world.node(0).url, probe, administrator, repository: REPOSITORY });
  const branch = 'refs/heads/runbooks/run-1';

  it('signs in, clones, pushes one branch and finds it again; undo deletes it, once', async () => {
    const before = await world.branches();
    expect(await parts().check(input(), CONTEXT)).toMatchObject({
      problems: [],
      calls: [{ action: 'git push', target: 'PROJ/one', parameters: { branch: 'runbooks/run-1' } }],
      notes: [expect.stringContaining('RUNNING')],
    });
    const output = (await parts().run!(input(), CONTEXT)) as { commit: string; version: string };
    expect(output.version).toBe('8.19.4');
    expect(await world.branches()).toEqual({ ...before, [branch]: output.commit });
    expect((await parts().verify(input(), output, CONTEXT)).facts).toMatchObject({ commit: output.commit });

    // A run whose answer was lost is repeated: nothing is pushed again.
    expect(await parts().run!(input(), CONTEXT)).toEqual(output);

    expect(await parts().undo!(input(), { before: {} }, CONTEXT)).toMatchObject({ changed: true });
    expect(await world.branches()).toEqual(before);
    expect(await parts().undo!(input(), { before: {} }, CONTEXT)).toMatchObject({ changed: false });
  });

  it('a push whose answer is lost or garbled has come through when its commit stands there', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'lost-push-'));
    const faultsFile = join(directory, 'faults');
    const request = 'POST /scm/PROJ/one.git/git-receive-pack (node)';
    const node = await world.site.start({ faultsFile });
    await node.reaches('RUNNING');
    const given = { ...input(), url: node.url };
    try {
      for (const effect of ['dropAfter', 'malformed'] as const) {
        writeFileSync(faultsFile, JSON.stringify([{ request, effect, times: 1 }]));
        rmSync(`${faultsFile}.requests`, { force: true });
        const output = (await parts().run!(given, CONTEXT)) as { commit: string };
        expect(readAnswered(faultsFile)[0]).toMatchObject({ request, fault: effect });
        expect(await world.branches()).toMatchObject({ [branch]: output.commit });
        await parts().undo!(given, { before: {} }, CONTEXT);
      }
    } finally {
      // In order, so that the others do not count it any more.
      await node.process.stop();
      rmSync(directory, { recursive: true });
    }
  });

  it('a push that vanished is a matter for people', async () => {
    await expect(
      parts().verify(input(), { commit: 'a'.repeat(40), version: '1' }, CONTEXT),
    ).rejects.toMatchObject({
      type: 'NeedsPerson',
    });
  });

  it('names user and remedy for a wrong password, and not the password', async () => {
    const wrong = { ...input(), probe: { ...probe, password: 'env:ADMIN' } };
    const failure = await parts().run!(wrong, CONTEXT).catch((caught: unknown) => caught);
    expect(failure).toMatchObject({
      type: 'NeedsPerson',
      message: expect.stringContaining('password of developer'),
    });
    expect(String(failure)).not.toContain(ADMINISTRATOR.password);
  });

  it('a user without the rights of an administrator is refused', async () => {
    const wrong = { ...input(), administrator: probe };
    await expect(parts().run!(wrong, CONTEXT)).rejects.toMatchObject({ type: 'NeedsPerson' });
  });

  it('a missing probe repository is named', async () => {
    const wrong = { ...input(), repository: { project: 'PROJ', slug: 'nothing' } };
    await expect(parts().run!(wrong, CONTEXT)).rejects.toMatchObject({
      type: 'NeedsPerson',
      message: expect.stringContaining('PROJ/nothing'),
    });
  });

  it('check names unreadable secrets, and asks nothing of an address that is not known yet', async () => {
    const wrong = { ...input(), url: later('load balancer'), probe: { ...probe, password: 'env:GONE' } };
    const { problems, notes } = await parts().check(wrong, CONTEXT);
    expect(problems).toMatchObject([{ code: 'secretUnreadable', consent: 'unprovenService' }]);
    expect(notes).toEqual([]);
  });

  it('a worker without git says so', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nonexistent';
    try {
      const { problems } = await parts().check(input(), CONTEXT);
      expect(problems).toMatchObject([{ code: 'gitMissing', consent: 'unprovenService' }]);
    } finally {
      process.env.PATH = path;
    }
  });

  it('never pushes without the lease, and keeps passwords out of every command line', async () => {
    const calls: OutgoingCall[] = [];
    const lines = new Set<string>();
    const scope = {
      signal: new AbortController().signal,
      count: (call: OutgoingCall) => void calls.push(call),
      confirmLease: async () => {
        throw new Error('lease lost');
      },
    };
    const watch = setInterval(() => commandLines().forEach((line) => lines.add(line)), 2);
    await expect(inCallScope(scope, () => parts().run!(input(), CONTEXT))).rejects.toThrow('lease lost');
    clearInterval(watch);
    expect(calls.map((call) => call.action)).toContain('git clone');
    expect(await world.branches()).not.toHaveProperty([branch]);
    const git = [...lines].filter((line) => line.includes('/scm/PROJ/one.git'));
    expect(git.length).toBeGreaterThan(0);
    const basic = Buffer.from(`${DEVELOPER.username}:${DEVELOPER.password}`).toString('base64');
    for (const line of git) expect(line).not.toMatch(new RegExp(`${DEVELOPER.password}|${basic}`));
  });
});

describe('service', () => {
  const parts = () => verifyServiceImplementation(world.dependencies).parts;
  const input = (count = 2) => ({
    url: `http://${NAME}:7990`,
    dns: { zoneId: 'Z', name: NAME, ttlSeconds: 1, resolvers: [world.dns.server] },
    region: 'eu-west-1',
    autoScalingGroup: GROUP,
    port: 7990,
    count,
    probe,
    administrator,
    repository: REPOSITORY,
  });

  it('is proven by every node, the name, a clone and a push through it, and search; nothing is left behind', async () => {
    const before = await world.branches();
    const { output, facts, degraded } = await parts().verify(input(), undefined, CONTEXT);
    expect(output).toEqual({ nodes: 2, version: '8.19.4' });
    expect(facts).toMatchObject({
      address: world.addressOf(world.node(0)),
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    expect(degraded).toBeUndefined();
    expect(await world.branches()).toEqual(before);
  });

  it('waits while nodes are missing', async () => {
    await expect(parts().verify(input(3), undefined, CONTEXT)).rejects.toMatchObject({
      type: 'NotYet',
      message: expect.stringContaining('2 of 3 nodes'),
    });
  });

  it('waits while a node does not answer', async () => {
    world.instances = [
      ...world.nodes.map((node) => ({ id: node.id, address: world.addressOf(node) })),
      { id: 'i-dead', address: '127.0.0.1' },
    ];
    await expect(parts().verify(input(3), undefined, CONTEXT)).rejects.toMatchObject({
      type: 'NotYet',
      message: expect.stringContaining('i-dead says none'),
    });
  });

  it('does not take a part of a cluster for the whole', async () => {
    world.instances = [{ id: world.node(1).id, address: world.addressOf(world.node(1)) }];
    await expect(parts().verify(input(1), undefined, CONTEXT)).rejects.toMatchObject({
      type: 'NotYet',
      message: expect.stringContaining('do not see the same cluster'),
    });
  });

  it('does not take another cluster under the name for this site', async () => {
    const other = await Site.seed(world.postgres, ['one']);
    try {
      const stranger = await other.start();
      await stranger.reaches('RUNNING');
      world.pointTo(world.addressOf(stranger));
      await expect(parts().verify(input(), undefined, CONTEXT)).rejects.toMatchObject({
        type: 'NotYet',
        message: expect.stringContaining('none of this site'),
      });
    } finally {
      await other.remove();
    }
  });

  it('a set-up wizard on any node ends it for good, though it answers HTTP 200', async () => {
    const wizard = await WebServer.start();
    wizard.routes['GET /status'] = { body: { state: 'FIRST_RUN' } };
    world.instances = [{ id: 'i-empty', address: '127.0.0.1' }];
    try {
      await expect(
        parts().verify({ ...input(1), port: wizard.port }, undefined, CONTEXT),
      ).rejects.toMatchObject({
        type: 'Terminal',
        message: expect.stringContaining('i-empty'),
      });
      const smoke = smokeTestImplementation(world.dependencies).parts;
      const direct = { url: wizard.url, probe, administrator, repository: REPOSITORY };
      await expect(smoke.run!(direct, CONTEXT)).rejects.toMatchObject({ type: 'Terminal' });
    } finally {
      await wizard.stop();
    }
  });

  it('waits while the name leads nowhere', async () => {
    world.pointTo('127.0.0.1');
    await expect(parts().verify(input(), undefined, CONTEXT)).rejects.toMatchObject({
      type: 'NotYet',
      message: expect.stringMatching(/at 127\.0\.0\.1: no answer/),
    });
  });
});

describe('maintenance lock', () => {
  it('is taken off at a node that serves, while the one that locked starts again', async () => {
    const parts = lockBitbucketImplementation(world.dependencies).parts;
    const input = (first: string) => ({ nodes: [first, world.node(1).url], administrator });
    const locking = input(world.node(0).url);
    expect(await parts.check(locking, CONTEXT)).toMatchObject({ problems: [] });
    const output = await parts.run!(locking, CONTEXT);
    expect((await parts.verify(locking, output, CONTEXT)).facts).toEqual({
      lockedBy: ADMINISTRATOR.username,
    });
    const starting = await world.site.start({ startupSeconds: 60 });
    await starting.reaches('STARTING');
    try {
      const undo = (first: string) => parts.undo!(input(first), { before: {}, output }, CONTEXT);
      expect(await undo(starting.url)).toMatchObject({ changed: true });
      await Promise.all(world.nodes.map((node) => node.reaches('RUNNING')));
      expect(await undo(starting.url)).toMatchObject({ changed: false });
    } finally {
      await starting.process.stop();
    }
  });
});

describe('search index', () => {
  const parts = () => rebuildSearchImplementation(world.dependencies).parts;
  const input = () => ({ url: world.node(0).url, administrator });

  it('is rebuilt once, however often the run is repeated', async () => {
    const starts: OutgoingCall[] = [];
    const scope = {
      signal: new AbortController().signal,
      count: (call: OutgoingCall) => void (call.mutating && starts.push(call)),
      confirmLease: async () => undefined,
    };
    await inCallScope(scope, async () => {
      expect(await parts().check(input(), CONTEXT)).toMatchObject({
        state: 'needed',
        before: { status: 'IDLE' },
      });
      expect(await parts().run!(input(), CONTEXT)).toEqual({ status: 'INDEXING' });
      expect(await parts().run!(input(), CONTEXT)).toEqual({ status: 'INDEXING' });
      expect((await parts().check(input(), CONTEXT)).state).toBe('done');
    });
    expect(starts).toHaveLength(1);
    expect((await parts().verify(input(), undefined, CONTEXT)).facts).toHaveProperty('status');
    expect(await parts().undo!(input(), { before: {} }, CONTEXT)).toMatchObject({ changed: false });
  });

  it('a site that is not up yet is a note, not a problem', async () => {
    const { problems, notes } = await parts().check({ ...input(), url: 'http://127.0.0.1:9' }, CONTEXT);
    expect(problems).toEqual([]);
    expect(notes).toEqual([expect.stringContaining('not known now')]);
  });
});

describe('mirrors', () => {
  const parts = () => checkMirrorsImplementation(world.dependencies).parts;
  const input = (mirrors: { name: string; url: string }[]) => ({
    url: world.node(0).url,
    administrator,
    mirrors,
  });

  it('are found by name or base URL; what is not listed is degraded', async () => {
    const mirrors = [
      { name: 'Farm', url: 'http://elsewhere' },
      { name: 'renamed', url: 'http://mirror.lab/' },
      { name: 'gone', url: 'http://gone' },
    ];
    const { output, degraded } = await parts().verify(input(mirrors), undefined, CONTEXT);
    expect(output).toEqual({
      mirrors: [
        { name: 'Farm', state: 'enabled' },
        { name: 'renamed', state: 'enabled' },
        { name: 'gone', state: 'missing' },
      ],
    });
    expect(degraded).toEqual([expect.stringContaining('gone is missing')]);
  });

  it('are disabled when the primary says so', async () => {
    await world.postgres.query(world.site.database.name, 'update mirror_server set enabled = false');
    const { degraded } = await parts().verify(
      input([{ name: 'Farm', url: 'http://mirror.lab' }]),
      undefined,
      CONTEXT,
    );
    expect(degraded).toEqual([expect.stringContaining('Farm is disabled')]);
  });

  it('an estate without mirrors asks nobody', async () => {
    const none = { ...input([]), url: 'http://127.0.0.1:9' };
    expect((await parts().check(none, CONTEXT)).state).toBe('done');
    expect(await parts().verify(none, undefined, CONTEXT)).toMatchObject({ output: { mirrors: [] } });
  });
});

it('the whole client is understood by the simulator', async () => {
  const client = new BitbucketClient({ baseUrl: world.node(0).url, credentials: ADMINISTRATOR });
  expect(await client.projects()).toEqual(['PROJ']);
  expect((await client.cluster()).nodes).toHaveLength(2);
  expect(await client.license()).toHaveProperty('daysLeft');
  expect(await client.deleteBranch(REPOSITORY, 'never-was')).toBe(false);
});

/** Arguments of every process of this machine. */
function commandLines(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    });
}
