import { addressOf, resolveName } from '../../../activities/dns/resolve';
import { DnsWorld, NAME, OLD, silentServer } from './dns-world';

let world: DnsWorld;
beforeAll(async () => {
  world = await DnsWorld.start();
});
afterAll(() => world.stop());

it('asks each resolver by host and port, through the CNAME to the address', async () => {
  const [answer] = await resolveName(NAME.toUpperCase(), [world.dns.server]);
  expect(answer).toEqual({
    resolver: world.dns.server,
    cname: OLD,
    addresses: ['127.0.0.11'],
    failure: null,
  });
});

it('takes a resolver given by its name', async () => {
  const port = world.dns.server.split(':')[1];
  expect(await addressOf(NAME, [`localhost:${port}`])).toBe('127.0.0.11');
});

it('a silent resolver is a failure of its own, and the next one answers', async () => {
  const silent = await silentServer();
  try {
    const [first, second] = await resolveName(NAME, [silent.server, world.dns.server]);
    expect(first).toMatchObject({ cname: null, addresses: [], failure: expect.stringMatching(/TIMEOUT/) });
    expect(second).toMatchObject({ failure: null });
    expect(await addressOf(NAME, [silent.server, world.dns.server])).toBe('127.0.0.11');
  } finally {
    silent.stop();
  }
});

it('says what each resolver said when none knows the name', async () => {
  await expect(addressOf('no.bitbucket.lab', [world.dns.server])).rejects.toThrow(
    /no\.bitbucket\.lab does not resolve: .*ENOTFOUND/,
  );
});

it('a malformed resolver is named, not thrown', async () => {
  const [answer] = await resolveName(NAME, ['not a:resolver:x']);
  expect(answer?.failure).toContain('neither host nor host:port');
});

it('without resolvers the system is asked', async () => {
  const [answer] = await resolveName('localhost', []);
  expect(answer).toMatchObject({ resolver: 'system', failure: null });
  expect(answer?.addresses).not.toHaveLength(0);
});

it('an address needs no resolver', async () => {
  expect(await addressOf('127.0.0.9', ['127.0.0.1:1'])).toBe('127.0.0.9');
});
