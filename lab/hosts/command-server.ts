import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { COMMANDS } from './commands';
import type { CommandResult } from './commands/command';
import type { Host } from './host';

/**
 * Answers the stand-ins (see `stand-ins.ts`). A request is a count and that many texts, each ended by a zero byte:
 * root of the host, working directory, program, arguments. The answer is lines: `1…` output, `2…` error output, and
 * `=N` the exit code.
 */
export class CommandServer {
  private readonly server: Server;
  private readonly queues = new Map<Host, Promise<unknown>>();

  private constructor(private readonly findHost: (root: string) => Host | undefined) {
    this.server = createServer((socket) => this.serve(socket));
    this.server.unref();
  }

  static async start(findHost: (root: string) => Host | undefined): Promise<CommandServer> {
    const instance = new CommandServer(findHost);
    await new Promise<void>((resolve, reject) => {
      instance.server.once('error', reject);
      instance.server.listen(0, '127.0.0.1', resolve);
    });
    return instance;
  }

  /** `address:port`, handed to the commands as LAB_HOST_CONTROL. */
  get control(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `${address}:${port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private serve(socket: Socket): void {
    let received = Buffer.alloc(0);
    let answered = false;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const fields = received.toString('utf8').split('\0');
      const expected = Number(fields[0]);
      if (answered || fields.length < 2 || fields.length < expected + 2) return;
      answered = true;
      const [root = '', cwd = '', program = '', ...args] = fields.slice(1, expected + 1);
      void this.answer(root, cwd, program, args).then((result) => socket.end(render(result)));
    });
  }

  /** One command at a time per host, as if the kernel's locks were there. */
  private answer(root: string, cwd: string, program: string, args: string[]): Promise<CommandResult> {
    const host = this.findHost(root);
    const command = COMMANDS[program];
    if (host === undefined || !host.up)
      return Promise.resolve({ code: 1, stderr: `${program}: the host is down` });
    if (command === undefined) return Promise.resolve({ code: 127, stderr: `${program}: command not found` });
    const result = (this.queues.get(host) ?? Promise.resolve()).then(async () => {
      try {
        return await command({ host, cwd, args });
      } catch (error) {
        return { code: 1, stderr: `${program}: ${error instanceof Error ? error.message : String(error)}` };
      }
    });
    this.queues.set(host, result);
    return result;
  }
}

function render(result: CommandResult): string {
  const mark = (digit: string, text = ''): string =>
    text === ''
      ? ''
      : text
          .split('\n')
          .map((line) => `${digit}${line}\n`)
          .join('');
  return `${mark('1', result.stdout)}${mark('2', result.stderr)}=${result.code}\n`;
}
