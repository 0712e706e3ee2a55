import type { z } from 'zod';
import { announceCall } from '../runbook/call-scope';
import type { Login } from '../secrets/login';
import {
  anything,
  applicationPropertiesBody,
  backupBody,
  branchBody,
  clusterBody,
  indexingBody,
  licenseBody,
  lockBody,
  lockOwnerBody,
  maintenanceBody,
  meshNodesBody,
  mirrorServer,
  pageOf,
  projectBody,
} from './answers';
import type {
  ApplicationProperties,
  Cluster,
  License,
  MaintenanceOwner,
  MaintenanceState,
  MirrorServer,
} from './answers';
import { exchange } from './http';
import type { HttpAnswer, HttpRequest } from './http';
import { httpFailure, parseJson } from './http-failure';
import { ofThisNode } from './node-failure';
import { readStatus } from './status';
import type { NodeStatus } from './status';

export interface BitbucketClientOptions {
  /** With or without a trailing slash; a context path is kept. */
  readonly baseUrl: string;
  readonly credentials?: Login | undefined;
  /**
   * Address to connect to in place of where the name leads, or a function that finds it, called before each request.
   * The Host header stays the base URL's, so a node or a load balancer can be asked under the public name.
   */
  readonly address?: string | ((host: string) => Promise<string>) | undefined;
  /** For each request; 10 unless told. */
  readonly timeoutSeconds?: number | undefined;
}

const LOCK = '/mvc/maintenance/lock';

interface Call {
  /** What fails when it fails, e.g. `cannot list the cluster's nodes`. */
  readonly what: string;
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly body?: unknown;
  /** Of the maintenance lock. */
  readonly token?: string;
  /** The answer cannot be had again: it is waited for, also when the activity is cancelled meanwhile. */
  readonly once?: { readonly limitSeconds: number | undefined };
}

/**
 * Bitbucket's REST interface as far as the runbooks use it. Which node answers depends on the address: `cluster` and
 * `status` describe the answering node's view, so ask nodes directly when the question is about one [B §3].
 * Every method throws: a plain error when nobody or a broken server answers (transient), NeedsPerson for credentials
 * and permissions, Terminal for anything that a repetition cannot mend.
 */
export class BitbucketClient {
  private readonly base: string;

  constructor(private readonly options: BitbucketClientOptions) {
    this.base = options.baseUrl.replace(/\/+$/, '');
  }

  /** State by the body of `/status`, never by the HTTP status alone; does not throw when nobody answers [B §2.1]. */
  async status(): Promise<NodeStatus> {
    await this.announce('GET', '/status');
    return readStatus(() => this.send('GET', '/status'));
  }

  async applicationProperties(): Promise<ApplicationProperties> {
    const path = '/rest/api/latest/application-properties';
    return this.ask({ what: 'cannot read the version', method: 'GET', path }, applicationPropertiesBody);
  }

  /** The nodes as the answering node sees them; needs a system administrator. */
  async cluster(): Promise<Cluster> {
    const path = '/rest/api/latest/admin/cluster';
    return this.ask({ what: "cannot list the cluster's nodes", method: 'GET', path }, clusterBody);
  }

  async license(): Promise<License> {
    const path = '/rest/api/latest/admin/license';
    return this.ask({ what: 'cannot read the license', method: 'GET', path }, licenseBody);
  }

  /**
   * Lists projects as the given user. An anonymous request may be answered as well, so the user that the answer names
   * is compared where it names one.
   * @returns keys of the first projects that the user sees
   */
  async projects(): Promise<readonly string[]> {
    const call: Call = { what: 'cannot sign in', method: 'GET', path: '/rest/api/latest/projects?limit=25' };
    const answer = await this.exchange(call);
    const body = this.parse(call, answer, pageOf(projectBody));
    const user = this.options.credentials?.username;
    const seen = answer.headers['x-ausername'];
    if (user !== undefined && seen !== undefined && String(seen).toLowerCase() !== user.toLowerCase()) {
      throw httpFailure(`cannot sign in: answered as ${String(seen)}`, this.name(call), user, {
        ...answer,
        status: 401,
        body: '',
      });
    }
    return body.values.map((project) => project.key);
  }

  /** @returns false when there was no such branch */
  async deleteBranch(repository: { project: string; slug: string }, branch: string): Promise<boolean> {
    const under = `projects/${encodeURIComponent(repository.project)}/repos/${encodeURIComponent(repository.slug)}`;
    const found = await this.all(
      {
        what: `cannot look for the branch ${branch}`,
        method: 'GET',
        path: `/rest/api/latest/${under}/branches?filterText=${encodeURIComponent(branch)}`,
      },
      branchBody,
    );
    if (!found.some((one) => one.id === `refs/heads/${branch}`)) return false;
    await this.exchange({
      what: `cannot delete the branch ${branch}`,
      method: 'DELETE',
      path: `/rest/branch-utils/latest/${under}/branches`,
      body: { name: `refs/heads/${branch}`, dryRun: false },
    });
    return true;
  }

  /** `INDEXING` or `IDLE` [B §8]. */
  async indexingStatus(): Promise<string> {
    const path = '/rest/indexing/latest/status';
    const body = await this.ask(
      { what: 'cannot read the state of the search index', method: 'GET', path },
      indexingBody,
    );
    return body.status;
  }

  /** Starts a full rebuild of the search index, which goes on by itself for hours [B §8]. */
  async startIndexing(): Promise<void> {
    await this.exchange({
      what: 'cannot start rebuilding the search index',
      method: 'POST',
      path: '/rest/indexing/latest/sync',
    });
  }

  async mirrorServers(): Promise<readonly MirrorServer[]> {
    const path = '/rest/mirroring/latest/mirrorServers';
    return this.all({ what: 'cannot list the mirrors', method: 'GET', path }, mirrorServer);
  }

  async countProjects(): Promise<number> {
    const path = '/rest/api/latest/projects';
    return (await this.all({ what: 'cannot count the projects', method: 'GET', path }, anything)).length;
  }

  /** All that the user may see: a system administrator sees every one. */
  async countRepositories(): Promise<number> {
    const path = '/rest/api/latest/repos';
    return (await this.all({ what: 'cannot count the repositories', method: 'GET', path }, anything)).length;
  }

  /** How many Mesh nodes there are; versions that know of no Mesh have none [B §4]. */
  async meshNodes(): Promise<number> {
    const path = '/rest/api/latest/admin/git/mesh/nodes';
    const call: Call = { what: 'cannot ask for Mesh nodes', method: 'GET', path };
    const answer = await this.exchange(call, [404]);
    return answer.status === 404 ? 0 : this.parse(call, answer, meshNodesBody).length;
  }

  /**
   * Locks the instance for maintenance. @returns the token without which nobody can unlock it
   * @param limitSeconds for the answer, instead of the time limit of every request; a cancel does not end the wait for it
   * @throws when the answer has none, for then nobody can
   */
  async lockForMaintenance(limitSeconds?: number): Promise<string> {
    const what = 'cannot lock for maintenance';
    const call: Call = { what, method: 'POST', path: LOCK, once: { limitSeconds } };
    return this.parse(call, await this.exchange(call), lockBody).unlockToken;
  }

  /** Who has locked the instance; null = nobody. */
  async maintenanceLock(): Promise<MaintenanceOwner | null> {
    const call: Call = { what: 'cannot look for the maintenance lock', method: 'GET', path: LOCK };
    const answer = await this.exchange(call, [404]);
    return answer.status === 404 ? null : this.parse(call, answer, lockOwnerBody);
  }

  /** Ends the lock of this token. @returns false when there was none */
  async unlock(token: string): Promise<boolean> {
    const path = `${LOCK}?token=${encodeURIComponent(token)}`;
    const call: Call = { what: 'cannot unlock', method: 'DELETE', path };
    const answer = await this.exchange(call, [404]);
    if (answer.status === 404) return false;
    // A page unlocks nothing.
    if (answer.body.trim() !== '' && parseJson(answer.body) === undefined)
      throw this.foreign(call, answer, 'body: no JSON');
    return true;
  }

  /** Starts the external backup, which drains what runs. @returns the token that cancels it */
  async startBackup(token: string): Promise<string> {
    const call: Call = {
      what: 'cannot start the external backup',
      method: 'POST',
      path: '/mvc/admin/backups?external=true',
      token,
    };
    return this.parse(call, await this.exchange(call), backupBody).cancelToken;
  }

  /** The task under the lock, and how far database and git are drained [B §6]. */
  async maintenance(token: string): Promise<MaintenanceState> {
    const path = '/mvc/maintenance';
    return this.ask(
      { what: 'cannot read the maintenance state', method: 'GET', path, token },
      maintenanceBody,
    );
  }

  /** 100 completes the external backup; the lock stays. */
  async reportProgress(token: string, percentage: number): Promise<void> {
    const path = `/mvc/admin/backups/progress/client?token=${encodeURIComponent(token)}&percentage=${percentage}`;
    await this.exchange({ what: 'cannot report the progress', method: 'POST', path });
  }

  private async all<T>(call: Call, values: z.ZodType<T>): Promise<readonly T[]> {
    const found: T[] = [];
    for (let start = 0; ;) {
      const path = `${call.path}${call.path.includes('?') ? '&' : '?'}limit=100&start=${start}`;
      const page = await this.ask({ ...call, path }, pageOf(values));
      found.push(...page.values);
      const next = page.nextPageStart ?? null;
      if (page.isLastPage || next === null || next <= start) return found;
      start = next;
    }
  }

  private async ask<T>(call: Call, body: z.ZodType<T>): Promise<T> {
    return this.parse(call, await this.exchange(call), body);
  }

  private parse<T>(call: Call, answer: HttpAnswer, body: z.ZodType<T>): T {
    const parsed = body.safeParse(parseJson(answer.body));
    if (parsed.success) return parsed.data;
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
    throw this.foreign(call, answer, wrong.slice(0, 3).join('; '));
  }

  /** A proxy's page or a booting node may stand in Bitbucket's place for a while: transient. */
  private foreign(call: Call, answer: HttpAnswer, wrong: string): Error {
    return ofThisNode(
      new Error(
        `${call.what}: ${this.name(call)} answered HTTP ${answer.status}, but not as Bitbucket does ` +
          `(${wrong}). Does something else answer at this address?`,
      ),
    );
  }

  /** @param expected HTTP statuses that are answers, besides success */
  private async exchange(call: Call, expected: readonly number[] = []): Promise<HttpAnswer> {
    await this.announce(call.method, call.path);
    const answer = await this.send(call.method, call.path, call).catch((error: unknown) => {
      if (error instanceof Error) error.message = `${call.what}: ${this.name(call)}: ${error.message}`;
      throw error;
    });
    if (answer.status >= 200 && answer.status < 300) return answer;
    if (expected.includes(answer.status)) return answer;
    throw httpFailure(call.what, this.name(call), this.options.credentials?.username ?? null, answer);
  }

  private async send(
    method: HttpRequest['method'],
    path: string,
    { body, token, once }: Pick<Call, 'body' | 'token' | 'once'> = {},
  ): Promise<HttpAnswer> {
    const url = new URL(this.base + path);
    const { address, credentials } = this.options;
    return exchange({
      method,
      url,
      headers: {
        accept: 'application/json',
        ...(credentials === undefined ? {} : { authorization: basic(credentials) }),
        // Bitbucket refuses form-like requests without it, as protection of browsers [B §3].
        ...(method === 'GET' ? {} : { 'x-atlassian-token': 'no-check' }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { 'x-atlassian-maintenance-token': token }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutSeconds: once?.limitSeconds ?? this.options.timeoutSeconds ?? 10,
      outlivesCancel: once !== undefined,
      address: typeof address === 'function' ? await address(url.hostname) : address,
    });
  }

  private announce(method: HttpRequest['method'], path: string): Promise<void> {
    const action = `${method} ${path.split('?')[0] ?? path}`;
    return announceCall({ service: 'bitbucket', action, mutating: method !== 'GET' });
  }

  private name(call: Call): string {
    // A token in the query is nobody's to read.
    return `${call.method} ${this.base}${call.path.replace(/token=[^&]*/, 'token=…')}`;
  }
}

export function basic(login: Login): string {
  return `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
}
