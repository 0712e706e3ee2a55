import { z } from 'zod';
import { cborReply, jsonReply } from '../../gateway/reply';
import { AwsFault } from '../../gateway/overlay';
import type { AwsCall, AwsReply, Handler, Overlay } from '../../gateway/overlay';
import { protocolOf } from '../../gateway/parse-call';
import type { Sampler } from './sampler';
import { bucketsOf, statisticOf, STATISTICS } from './series';
import type { Bucket, Window } from './series';

const NAMESPACE = 'AWS/RDS';
const DEFAULT_MAX_DATAPOINTS = 100_800;

/** Epoch seconds in JSON, a date in CBOR; read as epoch milliseconds. */
const time = z.union([
  z.number().transform((seconds) => seconds * 1000),
  z.date().transform((date) => date.getTime()),
  z.iso.datetime().transform((text) => Date.parse(text)),
]);
const dimensions = z.array(z.object({ Name: z.string(), Value: z.string() })).default([]);
const statistic = z.enum(STATISTICS);
const period = z.number().int().positive();

const dataRequest = z.object({
  MetricDataQueries: z.array(
    z.object({
      Id: z.string(),
      Label: z.string().optional(),
      ReturnData: z.boolean().default(true),
      MetricStat: z.object({
        Metric: z.object({ Namespace: z.string(), MetricName: z.string(), Dimensions: dimensions }),
        Period: period,
        Stat: statistic,
      }),
    }),
  ),
  StartTime: time,
  EndTime: time,
  ScanBy: z.enum(['TimestampDescending', 'TimestampAscending']).default('TimestampDescending'),
  MaxDatapoints: z.number().int().positive().default(DEFAULT_MAX_DATAPOINTS),
  NextToken: z.string().optional(),
});

const statisticsRequest = z.object({
  Namespace: z.literal(NAMESPACE),
  MetricName: z.string(),
  Dimensions: dimensions,
  StartTime: time,
  EndTime: time,
  Period: period,
  Statistics: z.array(statistic).min(1),
});

/** CloudWatch's metrics of the real servers; alarms and all other namespaces stay in the emulator. */
export function cloudWatchOverlay(sampler: Sampler): Overlay {
  const getMetricData: Handler = async (call, forward) => {
    if (!asksForRds(call.parameters.MetricDataQueries)) return forward();
    const request = parse(dataRequest, call.parameters);
    const window = windowOf(request.StartTime, request.EndTime);
    const results = request.MetricDataQueries.filter((query) => query.ReturnData).map((query) => {
      const { Metric, Period, Stat } = query.MetricStat;
      const points = buckets(sampler, call.region, Metric, { ...window, periodSeconds: Period });
      const ordered = request.ScanBy === 'TimestampAscending' ? points : [...points].reverse();
      const told = ordered.slice(0, request.MaxDatapoints);
      return {
        Id: query.Id,
        Label: query.Label ?? Metric.MetricName,
        Timestamps: told.map((point) => new Date(point.at)),
        Values: told.map((point) => statisticOf(point.values, Stat)),
        StatusCode: 'Complete',
        Messages: [],
      };
    });
    return answer(call, { MetricDataResults: results, Messages: [] });
  };
  const getMetricStatistics: Handler = async (call, forward) => {
    if (call.parameters.Namespace !== NAMESPACE) return forward();
    const request = parse(statisticsRequest, call.parameters);
    const window = { ...windowOf(request.StartTime, request.EndTime), periodSeconds: request.Period };
    const points = buckets(sampler, call.region, request, window);
    return answer(call, {
      Label: request.MetricName,
      Datapoints: points.map((point) => ({
        Timestamp: new Date(point.at),
        Unit: request.MetricName === 'ReplicaLag' ? 'Seconds' : 'None',
        ...Object.fromEntries(request.Statistics.map((name) => [name, statisticOf(point.values, name)])),
      })),
    });
  };
  return {
    service: 'monitoring',
    handlers: { GetMetricData: getMetricData, GetMetricStatistics: getMetricStatistics },
  };
}

function buckets(
  sampler: Sampler,
  region: string,
  metric: { readonly MetricName: string; readonly Dimensions: z.infer<typeof dimensions> },
  window: Window,
): readonly Bucket[] {
  const id = metric.Dimensions.find((dimension) => dimension.Name === 'DBInstanceIdentifier')?.Value;
  return id === undefined ? [] : bucketsOf(sampler.of(region, id, metric.MetricName), window);
}

function windowOf(start: number, end: number): { readonly start: number; readonly end: number } {
  if (start >= end) {
    throw new AwsFault('ValidationError', 'The parameter StartTime must be less than the parameter EndTime.');
  }
  return { start, end };
}

function asksForRds(queries: unknown): boolean {
  return JSON.stringify(queries ?? []).includes(`"Namespace":"${NAMESPACE}"`);
}

function parse<T>(schema: z.ZodType<T>, parameters: unknown): T {
  const parsed = schema.safeParse(parameters);
  if (parsed.success) return parsed.data;
  throw new AwsFault('ValidationError', z.prettifyError(parsed.error));
}

function answer(call: AwsCall, value: object): AwsReply {
  return protocolOf(call) === 'cbor' ? cborReply(value) : jsonReply(value);
}
