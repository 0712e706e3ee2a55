import { cacheDirectory } from './cache';
import { installAll } from './install-all';

/** Installs what the lab needs, or says why it cannot: `node dist/lab/install/main.js`. */
async function main(): Promise<void> {
  const began = Date.now();
  const tools = await installAll((line) => console.log(line));
  console.log(`Temporal    ${tools.temporal}`);
  console.log(`moto        ${tools.moto}`);
  console.log(`PostgreSQL  ${tools.postgresBin}`);
  console.log(`git         ${tools.git}`);
  console.log(`cache       ${cacheDirectory()} (ready in ${((Date.now() - began) / 1000).toFixed(1)} s)`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
