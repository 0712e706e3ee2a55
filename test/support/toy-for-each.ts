import { ToyBench } from './toy-run';
import { ToyWorld } from './toy-world';

/**
 * A toy world of its own for each test of a file, with its bench, which is closed after it.
 * @param begin gets the bench of the test that is about to run
 */
export function toyForEach(begin: (bench: ToyBench) => void): void {
  let bench: ToyBench;
  beforeEach(async () => {
    bench = await ToyBench.open(new ToyWorld());
    begin(bench);
  });
  afterEach(() => bench.close());
}
