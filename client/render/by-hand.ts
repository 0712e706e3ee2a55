import { showLater } from '../../workflows/runbook/later';
import type { RemainingStep } from '../../workflows/runbook/handover';
import type { PlannedCall } from '../../workflows/runbook/step';

/** Calls that only keep the runbook's own marks: nobody makes them by hand. */
const MARKS = ['CreateTags', 'CreateOrUpdateTags', 'AddTagsToResource'];

/** The option of the AWS command line that names what a call acts on, by service and action, else by service. */
const TARGET_OPTIONS: Readonly<Record<string, string>> = {
  rds: 'db-instance-identifier',
  autoscaling: 'auto-scaling-group-name',
  cloudformation: 'stack-name',
  'cloudwatch DisableAlarmActions': 'alarm-names',
  'cloudwatch EnableAlarmActions': 'alarm-names',
  'ec2 AttachVolume': 'volume-id',
  'ec2 DetachVolume': 'volume-id',
  'ec2 CreateVolume': '',
};

/** Options that take a list in separate words. */
const LISTS = ['scaling-processes', 'alarm-names'];

/** Actions of which the plan's parameters are those of AWS; others are only described. */
const EXACT =
  /^(rds (PromoteReadReplica|ModifyDBInstance|CreateDBSnapshot)|autoscaling (SuspendProcesses|ResumeProcesses|UpdateAutoScalingGroup)|cloudwatch (Disable|Enable)AlarmActions|ec2 (CreateVolume|AttachVolume|DetachVolume))$/;

/** What is left to do by hand, one line each: commands to paste where they can be given, words where they cannot. */
export function byHand(steps: readonly RemainingStep[]): readonly string[] {
  return steps.flatMap(({ title, what, calls, undo }) => {
    if (what === 'undo') return [`take back: ${title}${undo === null ? '' : ` (${undo})`}`];
    const lines = calls.filter(({ action }) => !MARKS.includes(action)).map(describeCall);
    return [`${what === 'look' ? 'look, then finish' : 'do'}: ${title}`, ...lines.map((line) => `  ${line}`)];
  });
}

function describeCall(call: PlannedCall): string {
  const { service, action, region, target } = call;
  if (EXACT.test(`${service} ${action}`)) return awsCommand(call);
  if (service === 'route53' && action === 'ChangeResourceRecordSets') return recordCommand(call);
  const parameters = Object.entries(call.parameters ?? {}).map(([name, value]) => `${name}=${text(value)}`);
  const where = region === undefined ? '' : ` in ${region}`;
  const how = parameters.length === 0 ? '' : ` with ${parameters.join(', ')}`;
  return `${service} ${action} on ${text(target)}${where}${how}`;
}

function awsCommand({ service, action, region, target, parameters = {} }: PlannedCall): string {
  const option = TARGET_OPTIONS[`${service} ${action}`] ?? TARGET_OPTIONS[service] ?? '';
  return [
    `aws ${service} ${kebab(action)}`,
    ...(region === undefined ? [] : [`--region ${region}`]),
    ...(option === '' ? [] : [`--${option} ${word(target, option)}`]),
    ...Object.entries(parameters).map(([name, value]) => argument(kebab(name), value)),
  ].join(' ');
}

function argument(option: string, value: string | number | boolean | null): string {
  if (typeof value === 'boolean') return value ? `--${option}` : `--no-${option}`;
  return `--${option} ${word(text(value), option)}`;
}

function recordCommand({ target, parameters = {} }: PlannedCall): string {
  const { Action, Type, Value, TTL, HostedZoneId } = parameters;
  const set = { Name: target, Type, TTL, ResourceRecords: [{ Value: text(Value ?? null) }] };
  const batch = JSON.stringify({ Changes: [{ Action, ResourceRecordSet: set }] });
  return `aws route53 change-resource-record-sets --hosted-zone-id ${text(HostedZoneId ?? null)} --change-batch ${quoted(batch)}`;
}

function word(value: string, option: string): string {
  const words = LISTS.includes(option) ? value.split(',') : [value];
  return words.map((one) => quoted(showLater(one))).join(' ');
}

function text(value: string | number | boolean | null): string {
  return typeof value === 'string' ? showLater(value) : String(value);
}

function quoted(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

/** `MultiAZ` to `multi-az`, `DBSnapshotIdentifier` to `db-snapshot-identifier`. */
function kebab(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();
}
