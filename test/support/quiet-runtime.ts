import { DefaultLogger, Runtime } from '@temporalio/worker';

let installed = false;

/** Workers of tests say nothing; what a test needs to know it asks for. */
export function keepRuntimeQuiet(): void {
  if (!installed) Runtime.install({ logger: new DefaultLogger('ERROR', () => {}) });
  installed = true;
}
