import { observeProduct } from '../../workflows/steps/observe-product';
import type { ObservedProduct, ObserveProduct } from '../../workflows/steps/observe-product';
import type { Dependencies } from '../dependencies';
import { implementObservation } from '../implement';
import type { ObservationImplementation } from '../implement';
import { callSignal } from '../runbook/call-scope';
import type { BitbucketClient } from './client';
import { firstAnswer } from './first-answer';

/** Each figure by itself: what is not answered is null, with the reason. */
export function observeProductImplementation(dependencies: Dependencies): ObservationImplementation {
  return implementObservation<ObserveProduct, ObservedProduct>(observeProduct, [], async (input) => {
    const unknown: string[] = [];
    const ask = async <T>(what: string, work: (client: BitbucketClient) => Promise<T>): Promise<T | null> => {
      try {
        return await firstAnswer(dependencies, input, work);
      } catch (error) {
        if (callSignal()?.aborted === true) throw error;
        unknown.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
        return null;
      }
    };
    const properties = await ask('version', (client) => client.applicationProperties());
    const [projects, repositories, meshNodes] = await Promise.all([
      ask('projects', (client) => client.countProjects()),
      ask('repositories', (client) => client.countRepositories()),
      ask('Mesh nodes', (client) => client.meshNodes()),
    ]);
    return { version: properties?.version ?? null, projects, repositories, meshNodes, unknown };
  });
}
