import { BitbucketNode } from './node';
import { readNodeConfig } from './node-config';

/** `node main.js <config.json>`: one Bitbucket node until SIGTERM. */
async function main(): Promise<void> {
  const path = process.argv[2];
  if (path === undefined) throw new Error('usage: main.js <configuration file>');
  const node = new BitbucketNode(readNodeConfig(path));
  const end = (): void => {
    void node.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  await node.start();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
