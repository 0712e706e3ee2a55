import { kindOf } from '../../../activities/aws/error-kinds';

test.each([
  ['TimeoutError', 'unreachable'],
  ['RequestLimitExceeded', 'transient'],
  ['ResourceContention', 'transient'],
  ['InvalidDBInstanceStateFault', 'busy'],
  ['VolumeInUse', 'busy'],
  ['DBSnapshotAlreadyExistsFault', 'exists'],
  ['InvalidPermission.Duplicate', 'exists'],
  ['DBInstanceNotFoundFault', 'notFound'],
  ['InvalidVolume.NotFound', 'notFound'],
  ['ChangeSetNotFoundException', 'notFound'],
  ['SnapshotQuotaExceededFault', 'quota'],
  ['UnauthorizedOperation', 'denied'],
  ['ExpiredTokenException', 'denied'],
  ['IdempotentParameterMismatch', 'invalid'],
  ['NotImplemented', 'foreign'],
  ['SyntaxError', 'garbled'],
  ['UnknownError', 'garbled'],
] as const)('%s is %s', (name, kind) => {
  expect(kindOf(name, '', 400)).toBe(kind);
});

test('a client token whose resource is gone is told from one that was used for something else', () => {
  const said = (message: string) => kindOf('IdempotentParameterMismatch', message, 400);
  expect(
    said(
      'The client token you have provided is associated with a resource that is already deleted. Please use a different client token.',
    ),
  ).toBe('spent');
  expect(
    said('Arguments on this idempotent request are inconsistent with arguments used in previous request(s).'),
  ).toBe('invalid');
});

test("EC2's throttle is no outage although it comes with 503", () => {
  expect(kindOf('RequestLimitExceeded', '', 503)).toBe('transient');
  expect(kindOf('Unavailable', '', 503)).toBe('unreachable');
});

test('an error of the connection is known by its code', () => {
  expect(kindOf('Error', 'connect ECONNREFUSED', undefined, 'ECONNREFUSED')).toBe('unreachable');
});

test('validation errors are told apart by what they say', () => {
  expect(kindOf('ValidationError', 'No updates are to be performed.', 400)).toBe('unchanged');
  expect(kindOf('ValidationError', 'Stack with id x does not exist', 400)).toBe('notFound');
  expect(kindOf('ValidationError', 'Template format error', 400)).toBe('invalid');
});

test('copies in progress are waited for; a full quota of manual snapshots is not', () => {
  const quota = (message: string): string => kindOf('SnapshotQuotaExceededFault', message, 400);
  expect(quota('Cannot copy more than 5 snapshots across regions')).toBe('busy');
  expect(quota('Cannot copy more than 20 snapshots across regions')).toBe('busy');
  expect(quota('Cannot create more than 100 manual snapshots')).toBe('quota');
  expect(quota('Cannot create more than 100 manual snapshots, copies included')).toBe('quota');
});

test('an unknown error with a server status passes, with a client status it does not', () => {
  expect(kindOf('Odd', '', 500)).toBe('transient');
  expect(kindOf('Odd', '', 400)).toBe('invalid');
});

test('an answer that cannot be read leaves the outcome open, whatever its status', () => {
  const message =
    'XML parse error: unexpected end of input.\n  Deserialization error: to see the raw response, …';
  for (const status of [200, 400, 403, 500]) expect(kindOf('Error', message, status)).toBe('garbled');
  expect(kindOf('Error', message, 503)).toBe('unreachable');
});
