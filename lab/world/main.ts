import { z } from 'zod';

import { startControlServer } from './control-server';
import { World } from './world';

const schema = z.strictObject({
  name: z.string().min(1),
  scale: z.number().positive(),
  directory: z.string().startsWith('/'),
  nodes: z.number().int().min(1).optional(),
  homeCopyEverySeconds: z.number().positive().optional(),
  drill: z.boolean().optional(),
});

/** What `lab up` tells the process that holds the lab. */
export type DaemonOptions = z.input<typeof schema>;

/** `node main.js '<options as JSON>'`: holds one lab until it is told to end. */
async function main(): Promise<void> {
  const { nodes, homeCopyEverySeconds, drill, ...options } = schema.parse(
    JSON.parse(process.argv[2] ?? '{}'),
  );
  const world = await World.start({
    ...options,
    temporal: 'own',
    ...(nodes === undefined ? {} : { nodes }),
    ...(drill === undefined ? {} : { drill }),
    ...(homeCopyEverySeconds === undefined ? {} : { homeCopyEverySeconds }),
    report: (line) => console.log(line),
  });
  let ending = false;
  const end = (code: number): void => {
    if (ending) return;
    ending = true;
    void control
      .stop()
      .then(() => world.stop())
      .then(
        () => process.exit(code),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
  };
  const control = await startControlServer(world, () => end(0));
  world.announce(control.url);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => end(0));
  process.on('unhandledRejection', (reason) => console.error('unhandled:', reason));
  console.log(`lab ${options.name} is up: ${control.url}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exit(1);
});
