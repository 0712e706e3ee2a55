import { z } from 'zod';
import { AwsFault } from '../../gateway/overlay';
import type { AwsCall } from '../../gateway/overlay';

const sendCommand = z.object({
  DocumentName: z.string(),
  InstanceIds: z.array(z.string()).max(50).optional(),
  Targets: z.array(z.object({ Key: z.string(), Values: z.array(z.string()) })).optional(),
  Parameters: z.record(z.string(), z.array(z.string())).optional(),
  Comment: z.string().max(100).optional(),
  TimeoutSeconds: z.number().int().min(30).max(2_592_000).optional(),
});

export interface SendCommandRequest {
  readonly documentName: string;
  readonly instanceIds: readonly string[];
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly comment: string;
  readonly timeoutSeconds: number;
}

const DOCUMENT = /^(arn:aws:ssm:[^:]*:[^:]*:document\/)?AWS-RunShellScript$/;

/** @throws AwsFault ValidationException, InvalidDocument, InvalidParameters or InvalidInstanceId */
export function readSendCommand(call: AwsCall): SendCommandRequest {
  const parsed = sendCommand.safeParse(call.parameters);
  if (!parsed.success) throw new AwsFault('ValidationException', z.prettifyError(parsed.error));
  const { DocumentName: documentName, Parameters: parameters = {}, Targets: targets = [] } = parsed.data;
  if (!DOCUMENT.test(documentName)) {
    throw new AwsFault('InvalidDocument', `Document with name ${documentName} does not exist.`);
  }
  const other = targets.find((target) => target.Key !== 'InstanceIds');
  if (other !== undefined) throw new AwsFault('InvalidTarget', `The lab finds no machine by ${other.Key}.`);
  const instanceIds = [...(parsed.data.InstanceIds ?? []), ...targets.flatMap((target) => target.Values)];
  if (instanceIds.length === 0) throw new AwsFault('InvalidInstanceId', 'No instance was named.');
  const unknown = Object.keys(parameters).filter(
    (name) => !['commands', 'workingDirectory', 'executionTimeout'].includes(name),
  );
  const timeout = parameters.executionTimeout?.[0];
  if (
    unknown.length > 0 ||
    (parameters.commands ?? []).length === 0 ||
    (timeout !== undefined && !/^[1-9]\d*$/.test(timeout))
  ) {
    throw new AwsFault(
      'InvalidParameters',
      'AWS-RunShellScript needs commands, and knows workingDirectory and executionTimeout.',
    );
  }
  return {
    documentName,
    instanceIds: [...new Set(instanceIds)],
    parameters,
    comment: parsed.data.Comment ?? '',
    timeoutSeconds: parsed.data.TimeoutSeconds ?? 3600,
  };
}

const filterLists = z.object({
  Filters: z.array(z.object({ Key: z.string(), Values: z.array(z.string()) })).optional(),
  InstanceInformationFilterList: z
    .array(z.object({ key: z.string(), valueSet: z.array(z.string()) }))
    .optional(),
});

/** Values of a filter in either of the two forms that DescribeInstanceInformation takes; undefined: not asked. */
export function filterValues(call: AwsCall, key: string): readonly string[] | undefined {
  const parsed = filterLists.safeParse(call.parameters);
  if (!parsed.success) throw new AwsFault('ValidationException', z.prettifyError(parsed.error));
  const all = [
    ...(parsed.data.Filters ?? []).map((each) => ({ key: each.Key, values: each.Values })),
    ...(parsed.data.InstanceInformationFilterList ?? []).map((each) => ({
      key: each.key,
      values: each.valueSet,
    })),
  ];
  const found = all.filter((each) => each.key === key);
  return found.length === 0 ? undefined : found.flatMap((each) => each.values);
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const LARGEST_PAGE = 50;

export function page<T>(
  all: readonly T[],
  call: AwsCall,
): { readonly items: readonly T[]; readonly nextToken: string | undefined } {
  const asked = call.parameters.MaxResults;
  const size = typeof asked === 'number' ? Math.min(asked, LARGEST_PAGE) : LARGEST_PAGE;
  const from = Number(text(call.parameters.NextToken) ?? '0');
  if (!Number.isInteger(from)) throw new AwsFault('InvalidNextToken', 'The specified token is not valid.');
  const end = from + size;
  return { items: all.slice(from, end), nextToken: end < all.length ? String(end) : undefined };
}
