/**
 * The classes of [A §9], and two taken out of the transient ones, which both leave open what became of the call:
 * `unreachable`, no answer at all, and `garbled`, one that cannot be read.
 */
export type AwsErrorKind =
  | 'unreachable'
  | 'garbled'
  | 'transient'
  | 'busy'
  | 'exists'
  /** A client token whose resource does not exist any more. */
  | 'spent'
  | 'notFound'
  | 'quota'
  | 'denied'
  | 'unchanged'
  | 'invalid'
  | 'foreign';

const NO_ANSWER = new Set([
  'RegionSilent',
  'TimeoutError',
  'RequestTimeout',
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Of the SDK's deserializer; what follows it helps a debugger only. */
export const GARBLED_HINT = 'Deserialization error:';

const BY_NAME: Readonly<Record<string, AwsErrorKind>> = {
  ...group('transient', [
    'BandwidthLimitExceeded',
    'EC2ThrottledException',
    'LimitExceededException',
    'ProvisionedThroughputExceededException',
    'RequestLimitExceeded',
    'RequestThrottled',
    'RequestThrottledException',
    'SlowDown',
    'ThrottledException',
    'Throttling',
    'ThrottlingException',
    'TooManyRequestsException',
    'TransactionInProgressException',
    'RequestTimeoutException',
    'InternalError',
    'InternalFailure',
    'InternalServerError',
    'InternalServiceError',
    'ResourceContention',
    'ResourceContentionFault',
    'RequestExpired',
    'ConditionalRequestConflict',
    'AbortError',
  ]),
  ...group('busy', [
    'ConcurrentSnapshotLimitExceeded',
    'SnapshotCreationPerVolumeRateExceeded',
    'PendingSnapshotLimitExceeded',
    'ResourceLimitExceeded',
    'InvalidDBInstanceStateFault',
    'InvalidDBInstanceState',
    'InvalidDBSnapshotStateFault',
    'InvalidDBSnapshotState',
    'InvalidDBClusterStateFault',
    'InvalidDBClusterSnapshotStateFault',
    'IncorrectState',
    'IncorrectInstanceState',
    'InvalidChangeSetStatus',
    'InvalidChangeSetStatusException',
    'OperationInProgressException',
    'VolumeInUse',
    'InsufficientInstanceCapacity',
    'InsufficientDBInstanceCapacityFault',
    'InvocationDoesNotExist',
    'ScalingActivityInProgress',
    'ScalingActivityInProgressFault',
    'PriorRequestNotComplete',
    'TokenAlreadyExistsException',
  ]),
  ...group('quota', [
    'SnapshotQuotaExceededFault',
    'InstanceQuotaExceededFault',
    'StorageQuotaExceededFault',
    'VcpuLimitExceeded',
    'SnapshotLimitExceeded',
    'VolumeLimitExceeded',
    'MaxIOPSLimitExceeded',
  ]),
  ...group('denied', [
    'AccessDenied',
    'AccessDeniedException',
    'UnauthorizedOperation',
    'AuthFailure',
    'OptInRequired',
    'ExpiredToken',
    'ExpiredTokenException',
    'InvalidClientTokenId',
    'UnrecognizedClientException',
    'SignatureDoesNotMatch',
    'CredentialsProviderError',
    'KMSKeyNotAccessibleFault',
  ]),
  // An object that must not exist yet exists; one that is just being written by somebody else is tried again.
  ...group('exists', ['PreconditionFailed']),
  ...group('foreign', ['NotImplemented']),
};

/**
 * One name for two limits of RDS: so many copies into a region at once, which passes by itself, and so many manual snapshots,
 * which does not. Only the message tells them apart, as reported: "Cannot copy more than 5 snapshots across regions"
 * (github.com/pbudzon/aws-maintenance, issue 19), "Cannot create more than 100 manual snapshots" (issue 12 there).
 */
const COPIES_IN_PROGRESS = /\bcop(?:y|ies)\b.*\b(?:across regions|in progress)\b/i;

/**
 * Classifies an error by its name [A §8: match on `err.name`]; the message only tells apart what shares a name: "nothing to
 * change" and a missing stack from other validation errors, and the two limits of RDS above.
 */
export function kindOf(
  name: string,
  message: string,
  httpStatus: number | undefined,
  code?: string,
): AwsErrorKind {
  if (NO_ANSWER.has(name) || (code !== undefined && NO_ANSWER.has(code))) return 'unreachable';
  // What the SDK has wrapped keeps its name, or its code, in the text only.
  if (
    name === 'Error' &&
    (message.match(/\b(TimeoutError|E[A-Z_]{4,})\b/g) ?? []).some((one) => NO_ANSWER.has(one))
  ) {
    return 'unreachable';
  }
  if (/No updates are to be performed|didn't contain changes/.test(message)) return 'unchanged';
  if (name === 'ValidationError' && /does not exist|not found/.test(message)) return 'notFound';
  if (/^SnapshotQuotaExceeded(Fault)?$/.test(name) && COPIES_IN_PROGRESS.test(message)) return 'busy';
  // Two meanings of one name: the other is a token that was used for something else.
  if (name === 'IdempotentParameterMismatch' && /already deleted/.test(message)) return 'spent';
  const known = BY_NAME[name];
  if (known !== undefined) return known;
  // After the names: EC2 answers its throttle, RequestLimitExceeded, with 503 as well.
  if (/^(Service)?Unavailable(Exception)?$/.test(name) || httpStatus === 503) return 'unreachable';
  if (isGarbled(name, message)) return 'garbled';
  if (/AlreadyExists|\.Duplicate$|Duplicate(Exception|Fault)?$/.test(name)) return 'exists';
  if (/NotFound(Fault|Exception)?$|\.NotFound$|NoSuch|ParameterNotFound/.test(name)) return 'notFound';
  if (httpStatus === 501) return 'foreign';
  if (httpStatus !== undefined && httpStatus >= 500) return 'transient';
  if (httpStatus === 429) return 'transient';
  return 'invalid';
}

/**
 * By the hint that the SDK adds to whatever its parsers throw, or as an error without any name that AWS gives. Neither
 * the status nor one such answer tells a broken line from a stranger's page: only its staying so does.
 */
function isGarbled(name: string, message: string): boolean {
  return ['SyntaxError', 'UnknownError', 'UnreadableAnswer'].includes(name) || message.includes(GARBLED_HINT);
}

/** An answer that could be parsed and holds nothing that AWS would say. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
}

/** Whether an attempt ended without any answer at all: time limit, connection, name resolution. */
export function isNoAnswer(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return kindOf(error.name, error.message, undefined, code) === 'unreachable';
}

function group(kind: AwsErrorKind, names: readonly string[]): Record<string, AwsErrorKind> {
  return Object.fromEntries(names.map((name) => [name, kind]));
}
