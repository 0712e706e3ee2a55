import { later } from '../../workflows/runbook/later';
import { completeSearch } from '../../workflows/steps/search';
import type { CaptureSearch, EndedSnapshot } from '../../workflows/steps/search';
import { lookAgain } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { terminal } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { connectSearch } from './connect';
import { requireOurs } from './ownership';

/** What has become of the snapshot; what it is worth, others decide. */
export function completeSearchImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<CaptureSearch, EndedSnapshot>(completeSearch, {
    actions: [],

    async check({ name }) {
      return {
        state: 'needed',
        before: {},
        calls: [],
        problems: [],
        output: {
          name,
          state: 'SUCCESS',
          failures: [],
          capturedAt: later('begin of the snapshot'),
          shards: 0,
        },
      };
    },

    async verify(input, _output, context) {
      const client = await connectSearch(dependencies, input.search);
      const snapshot = await client.snapshot(input.name);
      if (snapshot === null)
        throw terminal(`the snapshot ${input.name} of the search index is gone: somebody has deleted it`);
      requireOurs(snapshot, context);
      const { name, state, failures, startedAt: capturedAt, shards } = snapshot;
      if (state === 'IN_PROGRESS') throw lookAgain(`the snapshot ${name} is under way`, context);
      return {
        output: { name, state, failures: failures.slice(0, 10), capturedAt, shards },
        facts: { snapshot: name, state, shards },
      };
    },
  });
}
