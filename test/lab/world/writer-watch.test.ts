import type { SiteProbe } from '../../../lab/world/site-probe';
import { WriterWatch } from '../../../lab/world/watch-writers';

function probe(acceptsWrites: boolean): SiteProbe {
  return { nodes: [], database: 'writable', balancer: 'serving', acceptsWrites };
}

function watching(looks: readonly (readonly [boolean, boolean])[]): { found: string[]; watch: WriterWatch } {
  const left = [...looks];
  const found: string[] = [];
  const watch = new WriterWatch(
    async () => {
      const [primary, standby] = left.shift()!;
      return { primary: probe(primary), standby: probe(standby) };
    },
    (detail) => found.push(detail),
  );
  return { found, watch };
}

test('two sites that accept writes in two looks in a row are reported, once', async () => {
  const { found, watch } = watching([
    [true, true],
    [true, true],
    [true, true],
  ]);
  for (let look = 0; look < 3; look += 1) await watch.once();
  expect(found).toEqual([expect.stringContaining('primary and standby accepted writes')]);
});

test('a site that takes over between two answers of one look is no breach', async () => {
  const { found, watch } = watching([
    [true, false],
    [true, true],
    [false, true],
    [true, true],
    [false, true],
  ]);
  for (let look = 0; look < 5; look += 1) await watch.once();
  expect(found).toEqual([]);
});
