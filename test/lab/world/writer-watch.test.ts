import type { SiteProbe } from '../../../lab/world/site-probe';
import { describeOverlap, WriterWatch } from '../../../lab/world/watch-writers';
import type { Overlap } from '../../../lab/world/watch-writers';

function probe(acceptsWrites: boolean): SiteProbe {
  return { nodes: [], database: 'writable', balancer: 'serving', acceptsWrites };
}

async function overlapsAfter(looks: readonly (readonly [boolean, boolean])[]): Promise<readonly Overlap[]> {
  const left = [...looks];
  const watch = new WriterWatch(async () => {
    const [primary, standby] = left.shift()!;
    return { primary: probe(primary), standby: probe(standby) };
  });
  for (const _ of looks) await watch.once();
  return watch.overlaps;
}

test('two sites that accept writes in two looks in a row are reported once, with the time that it lasted', async () => {
  const began = Date.now();
  const found = await overlapsAfter([
    [true, true],
    [true, true],
    [true, true],
    [false, true],
  ]);
  expect(found).toEqual([
    { writers: ['primary', 'standby'], from: expect.any(Number), until: expect.any(Number) },
  ]);
  expect(found[0]!.from).toBeGreaterThanOrEqual(began);
  expect(describeOverlap(found[0]!)).toContain('primary and standby accepted writes');
});

test('an overlap that lasts has no end yet', async () => {
  const found = await overlapsAfter([
    [true, true],
    [true, true],
  ]);
  expect(found.map(({ until }) => until)).toEqual([null]);
});

test('a site that takes over between two answers of one look is no breach', async () => {
  const found = await overlapsAfter([
    [true, false],
    [true, true],
    [false, true],
    [true, true],
    [false, true],
  ]);
  expect(found).toEqual([]);
});
