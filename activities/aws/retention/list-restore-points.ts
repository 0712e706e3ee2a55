import { listRestorePoints } from '../../../workflows/steps/restore-points';
import type { FoundRestorePoints, ListRestorePoints } from '../../../workflows/steps/restore-points';
import type { Dependencies } from '../../dependencies';
import { needsPerson } from '../../errors';
import { implementObservation } from '../../implement';
import type { ObservationImplementation } from '../../implement';
import { LOOK_ACTIONS, lookForPoints } from './look-for-points';
import { tellAge } from './tell-age';

/** An answer is kept in the run's history, which takes two megabytes at most. */
const LARGEST_ANSWER = 1_800_000;

export function listRestorePointsImplementation(dependencies: Dependencies): ObservationImplementation {
  return implementObservation<ListRestorePoints, FoundRestorePoints>(
    listRestorePoints,
    LOOK_ACTIONS,
    async (input, context) => {
      const found = await lookForPoints(dependencies, context.instance, input);
      if (input.backups === undefined) tellAge(context.instance, found.points, new Date().toISOString());
      const size = Buffer.byteLength(JSON.stringify(found));
      if (size <= LARGEST_ANSWER) return found;
      throw needsPerson(
        `${found.points.length} restore points of ${context.instance} are more than one run can hold. ` +
          'Delete the oldest by hand, whole pairs, until some two thousand are left.',
      );
    },
  );
}
