import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AwsClients } from '../../../activities/aws/clients';
import type { HostFleet, ScriptResult } from '../../../lab/hosts/host-fleet';

interface SsmRequest {
  readonly CommandId: string;
  readonly InstanceIds: readonly string[];
  readonly Parameters: { readonly commands: readonly string[]; readonly executionTimeout: readonly string[] };
}

interface Invocation {
  result?: ScriptResult;
  looks: number;
}

/** SendCommand, GetCommandInvocation and CancelCommand over HTTP, carried out on a HostFleet. */
export class FakeSystemsManager {
  readonly actions: string[] = [];
  readonly scripts: string[] = [];
  /** Tells SendCommand's caller nothing, after the command was taken. */
  loseAnswers = 0;
  /** Commands are taken and never fetched. */
  agentSilent = false;
  managed = true;
  private readonly invocations = new Map<string, Invocation>();

  private constructor(
    private readonly server: Server,
    private readonly fleet: HostFleet | undefined,
  ) {}

  static async start(fleet?: HostFleet): Promise<FakeSystemsManager> {
    const server = createServer();
    const instance = new FakeSystemsManager(server, fleet);
    server.on('request', (request, response) => {
      void readBody(request).then(async (body) => {
        const action = String(request.headers['x-amz-target']).split('.')[1] ?? '';
        const { status, answer } = await instance.answer(action, JSON.parse(body) as SsmRequest);
        if (status === 0) return request.socket.destroy();
        response
          .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
          .end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return instance;
  }

  clients(): AwsClients {
    const { port } = this.server.address() as AddressInfo;
    return new AwsClients({
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      requestTimeoutSeconds: 5,
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async answer(action: string, body: SsmRequest): Promise<{ status: number; answer: object }> {
    this.actions.push(action);
    if (action === 'SendCommand') return this.send(body);
    if (action === 'CancelCommand') return { status: 200, answer: {} };
    const invocation = this.invocations.get(body.CommandId);
    if (invocation === undefined || invocation.looks++ === 0) {
      return { status: 400, answer: { __type: 'InvocationDoesNotExist', message: 'not yet' } };
    }
    const { result } = invocation;
    if (result === undefined) {
      return { status: 200, answer: { Status: this.agentSilent ? 'Pending' : 'InProgress' } };
    }
    const failed = result.timedOut ? 'TimedOut' : 'Failed';
    return {
      status: 200,
      answer: {
        Status: result.exitCode === 0 ? 'Success' : failed,
        StatusDetails: result.exitCode === 0 ? 'Success' : failed,
        ResponseCode: result.exitCode,
        StandardOutputContent: result.stdout,
        StandardErrorContent: result.stderr,
      },
    };
  }

  private async send(body: SsmRequest): Promise<{ status: number; answer: object }> {
    if (!this.managed) {
      return {
        status: 400,
        answer: { __type: 'InvalidInstanceId', message: 'Instances not in a valid state' },
      };
    }
    const id = `command-${this.invocations.size}`;
    const invocation: Invocation = { looks: 0 };
    this.invocations.set(id, invocation);
    const text = body.Parameters.commands.join('\n');
    this.scripts.push(text);
    if (!this.agentSilent && this.fleet !== undefined) {
      const timeoutSeconds = Number(body.Parameters.executionTimeout[0]);
      const run = this.fleet.run(body.InstanceIds[0] ?? '', text, { timeoutSeconds }).then((result) => {
        invocation.result = result;
      });
      if (this.loseAnswers > 0) {
        await run;
        this.loseAnswers -= 1;
        return { status: 0, answer: {} };
      }
    }
    return { status: 200, answer: { Command: { CommandId: id } } };
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
