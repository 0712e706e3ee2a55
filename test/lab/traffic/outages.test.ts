import { Outages } from '../../../lab/traffic/outages';

const iso = (ms: number): string => new Date(ms).toISOString();

test('an outage lasts from the last success before a failure to the first success after it', () => {
  const outages = new Outages(1000);
  outages.succeeded(1000);
  outages.succeeded(2000);
  outages.failed();
  outages.failed();
  outages.succeeded(9500);
  outages.succeeded(10_000);
  expect(outages.summary(11_000)).toEqual({
    downtimeSeconds: 7.5,
    outages: [{ from: iso(2000), to: iso(9500) }],
  });
});

test('an outage that still lasts counts up to now', () => {
  const outages = new Outages(1000);
  outages.succeeded(2000);
  outages.failed();
  expect(outages.summary(5000)).toEqual({ downtimeSeconds: 3, outages: [{ from: iso(2000), to: null }] });
});

test('failures before the first success, pauses without failure and short gaps are no outage', () => {
  const outages = new Outages(1000);
  outages.failed();
  outages.succeeded(60_000);
  outages.succeeded(90_000);
  outages.failed();
  outages.succeeded(90_900);
  expect(outages.summary(100_000)).toEqual({ downtimeSeconds: 0, outages: [] });
});
