import { filters, listMembers, passes, structures, withoutFilters } from '../../../lab/gateway/parameters';
import { children, parseXml, text } from '../../../lab/gateway/xml';
import { route53Action } from '../../../lab/gateway/route53-action';

test('lists are read in order from every form that AWS clients write', () => {
  expect(listMembers({ 'Id.10': 'c', 'Id.2': 'b', 'Id.1': 'a', 'Idea.1': 'x' }, 'Id')).toEqual([
    'a',
    'b',
    'c',
  ]);
  expect(listMembers({ 'Ids.member.1': 'a', 'Ids.member.2': 'b' }, 'Ids')).toEqual(['a', 'b']);
  expect(listMembers({ 'Groups.GroupId.1': 'a' }, 'Groups')).toEqual(['a']);
  expect(listMembers({ InstanceIds: ['a', 'b'] }, 'InstanceIds')).toEqual(['a', 'b']);
  expect(structures({ 'Tag.2.Key': 'b', 'Tag.1.Key': 'a', 'Tag.1.Value': 'v' }, 'Tag')).toEqual([
    { Key: 'a', Value: 'v' },
    { Key: 'b' },
  ]);
});

test('filters are read from every form, and can be taken out', () => {
  const ec2 = {
    'Filter.1.Name': 'status',
    'Filter.1.Value.1': 'x',
    'Filter.2.Name': 'size',
    'Filter.2.Value.1': '3',
  };
  expect(filters(ec2)).toEqual({ status: ['x'], size: ['3'] });
  expect(filters({ 'Filters.Filter.1.Name': 'id', 'Filters.Filter.1.Values.Value.1': 'a' })).toEqual({
    id: ['a'],
  });
  expect(withoutFilters({ ...ec2, Size: '1' }, ['status'])).toEqual({
    Size: '1',
    'Filter.1.Name': 'size',
    'Filter.1.Value.1': '3',
  });
  expect(passes(['snap-*'], 'snap-1')).toBe(true);
  expect(passes(['snap-?'], 'snap-12')).toBe(false);
  expect(passes([], 'x')).toBe(false);
  expect(passes(undefined, 'x')).toBe(true);
});

test('a reply is read whether a list has none, one or several elements', () => {
  const read = (items: string) =>
    children(
      parseXml(`<AResponse xmlns="x"><AResult><L>${items}</L></AResult><ResponseMetadata/></AResponse>`),
      'L',
      'm',
    );
  expect(read('')).toEqual([]);
  expect(read('<m><Id>007</Id></m>').map((each) => text(each, 'Id'))).toEqual(['007']);
  expect(read('<m><Id>1</Id></m><m><Id>2</Id></m>').map((each) => text(each, 'Id'))).toEqual(['1', '2']);
});

test.each([
  ['POST', '/2013-04-01/hostedzone', 'CreateHostedZone'],
  ['GET', '/2013-04-01/hostedzone/Z1', 'GetHostedZone'],
  ['POST', '/2013-04-01/hostedzone/Z1/rrset/', 'ChangeResourceRecordSets'],
  ['GET', '/2013-04-01/hostedzone/Z1/rrset', 'ListResourceRecordSets'],
  ['GET', '/2013-04-01/change/C1', 'GetChange'],
  ['GET', '/2013-04-01/tags/hostedzone/Z1', 'ListTagsForResource'],
])('Route 53 %s %s is %s', (method, path, action) => {
  expect(route53Action(method, path)).toBe(action);
});
