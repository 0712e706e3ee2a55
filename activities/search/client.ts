import type { z } from 'zod';
import type { SearchServer } from '../../workflows/plan/instance';
import { basic } from '../bitbucket/client';
import { exchange } from '../bitbucket/http';
import type { HttpAnswer, HttpRequest } from '../bitbucket/http';
import { parseJson } from '../bitbucket/http-failure';
import { announceCall } from '../runbook/call-scope';
import type { Login } from '../secrets/login';
import { anything, countBody, recoveryBody, settingsBody, shardsBody, snapshotsBody } from './answers';
import type { Shard, ShardRecovery, StoredSnapshot } from './answers';
import { refusalFailure, refusalType } from './refusal';

/** For one request, unless told; a deletion waits for the server's own work. */
const TIMEOUT_SECONDS = 10;
const DELETION_SECONDS = 30;

interface Call {
  /** What fails when it fails, e.g. `cannot begin the snapshot`. */
  readonly what: string;
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly body?: object;
  /** Types of refusals that are answers. */
  readonly expected?: readonly string[];
  readonly timeoutSeconds?: number;
}

/** The index under its own name. */
export interface FoundIndex {
  readonly name: string;
  /** Another one for every index that is made, also one of the same name. */
  readonly id: string;
}

/**
 * A search server as far as the runbooks use it: the snapshot interface that OpenSearch and Elasticsearch have in common.
 * Every method throws: a plain error when nobody or a broken server answers (transient), NeedsPerson for credentials, the
 * repository and the index, Terminal for anything that a repetition cannot mend.
 */
export class SearchClient {
  constructor(
    private readonly server: SearchServer,
    private readonly login: Login | undefined,
  ) {}

  /** Null: there is none of this name. */
  async snapshot(name: string): Promise<StoredSnapshot | null> {
    return (await this.snapshots(name))[0] ?? null;
  }

  /** @param pattern a name; a star stands for anything */
  async snapshots(pattern: string): Promise<readonly StoredSnapshot[]> {
    const call: Call = {
      what: 'cannot look for snapshots',
      method: 'GET',
      path: this.snapshotPath(pattern),
      expected: ['snapshot_missing_exception'],
    };
    const answer = await this.exchange(call);
    return isOk(answer) ? this.parse(call, answer, snapshotsBody).snapshots : [];
  }

  /** Returns when the server has begun it. @returns false when there is one of this name already */
  async beginSnapshot(name: string, metadata: Readonly<Record<string, string>>): Promise<boolean> {
    const answer = await this.exchange({
      what: `cannot begin the snapshot ${name}`,
      method: 'PUT',
      path: `${this.snapshotPath(name)}?wait_for_completion=false`,
      body: {
        ...{ indices: this.server.index, include_global_state: false, ignore_unavailable: false },
        metadata,
      },
      expected: ['invalid_snapshot_name_exception', 'snapshot_name_already_in_use_exception'],
    });
    return isOk(answer);
  }

  /** Ends one that is under way, too. @returns false when there was none */
  async deleteSnapshot(name: string): Promise<boolean> {
    const answer = await this.exchange({
      what: `cannot delete the snapshot ${name}`,
      method: 'DELETE',
      path: this.snapshotPath(name),
      expected: ['snapshot_missing_exception'],
      timeoutSeconds: DELETION_SECONDS,
    });
    return isOk(answer);
  }

  /** Returns when the server has begun it. @returns false when an open index is in the way */
  async beginRestore(name: string): Promise<boolean> {
    const call: Call = {
      what: `cannot restore the snapshot ${name}`,
      method: 'POST',
      path: `${this.snapshotPath(name)}/_restore?wait_for_completion=false`,
      body: { indices: this.server.index, include_global_state: false, ignore_unavailable: false },
      expected: ['snapshot_restore_exception'],
    };
    const answer = await this.exchange(call);
    // One type of refusal for everything that speaks against a restore.
    if (!isOk(answer) && !/already exists/i.test(answer.body)) throw this.failure(call, answer);
    return isOk(answer);
  }

  /** Null: there is none. */
  async index(): Promise<FoundIndex | null> {
    const call: Call = {
      what: 'cannot look at the index',
      method: 'GET',
      path: `${this.indexPath}/_settings?flat_settings=true`,
      expected: ['index_not_found_exception'],
    };
    const answer = await this.exchange(call);
    if (!isOk(answer)) return null;
    const [found] = Object.entries(this.parse(call, answer, settingsBody));
    return found === undefined ? null : { name: found[0], id: found[1].settings['index.uuid'] };
  }

  /** @returns false when there was none */
  async deleteIndex(): Promise<boolean> {
    const answer = await this.exchange({
      what: 'cannot delete the index',
      method: 'DELETE',
      path: this.indexPath,
      expected: ['index_not_found_exception'],
      timeoutSeconds: DELETION_SECONDS,
    });
    return isOk(answer);
  }

  async countDocuments(): Promise<number> {
    const path = `${this.indexPath}/_count`;
    return (await this.ask({ what: 'cannot count the documents', method: 'GET', path }, countBody)).count;
  }

  async recoveries(): Promise<readonly ShardRecovery[]> {
    const path = `${this.indexPath}/_recovery`;
    const found = await this.ask({ what: 'cannot look at the shards', method: 'GET', path }, recoveryBody);
    return Object.values(found).flatMap(({ shards }) => shards);
  }

  async shards(): Promise<readonly Shard[]> {
    const path = `/_cat/shards/${encodeURIComponent(this.server.index)}?format=json&h=shard,prirep,state,unassigned.reason`;
    return this.ask({ what: 'cannot look at the shards', method: 'GET', path }, shardsBody);
  }

  /** @throws NeedsPerson when it is not registered */
  async repository(): Promise<void> {
    const path = `/_snapshot/${encodeURIComponent(this.server.repository)}`;
    await this.ask({ what: 'cannot look at the snapshot repository', method: 'GET', path }, anything);
  }

  private get indexPath(): string {
    return `/${encodeURIComponent(this.server.index)}`;
  }

  private snapshotPath(name: string): string {
    // A star stays one.
    return `/_snapshot/${encodeURIComponent(this.server.repository)}/${encodeURIComponent(name)}`;
  }

  private async ask<T>(call: Call, body: z.ZodType<T>): Promise<T> {
    return this.parse(call, await this.exchange(call), body);
  }

  private parse<T>(call: Call, answer: HttpAnswer, body: z.ZodType<T>): T {
    const parsed = body.safeParse(parseJson(answer.body));
    if (parsed.success) return parsed.data;
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
    throw new Error(
      `${call.what}: ${this.name(call)} answered HTTP ${answer.status}, but not as a search server does ` +
        `(${wrong.slice(0, 3).join('; ')}). Does something else answer at this address?`,
    );
  }

  private async exchange(call: Call): Promise<HttpAnswer> {
    const { method, path, body, expected = [], timeoutSeconds = TIMEOUT_SECONDS } = call;
    const action = `${method} ${path.split('?')[0] ?? path}`;
    await announceCall({ service: 'search', action, mutating: method !== 'GET' });
    const answer = await exchange({
      method,
      url: new URL(this.server.url + path),
      headers: {
        accept: 'application/json',
        ...(this.login === undefined ? {} : { authorization: basic(this.login) }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutSeconds,
    }).catch((error: unknown) => {
      if (error instanceof Error) error.message = `${call.what}: ${this.name(call)}: ${error.message}`;
      throw error;
    });
    if (isOk(answer) || expected.includes(refusalType(answer))) return answer;
    throw this.failure(call, answer);
  }

  private failure(call: Call, answer: HttpAnswer): Error {
    const { repository } = this.server;
    const user = this.login?.username ?? null;
    return refusalFailure({ what: call.what, request: this.name(call), user, repository }, answer);
  }

  private name({ method, path }: Call): string {
    return `${method} ${this.server.url}${path}`;
  }
}

function isOk({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}
