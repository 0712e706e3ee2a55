import { observeRecord } from '../../workflows/steps/observe-record';
import { NothingKnown, observe } from '../aws/observe';
import type { Dependencies } from '../dependencies';
import { implementObservation } from '../implement';
import type { ObservationImplementation } from '../implement';
import { readRecord } from './record';

export function observeRecordImplementation({ aws }: Dependencies): ObservationImplementation {
  return implementObservation(observeRecord, ['route53:ListResourceRecordSets'], async (dns) => ({
    target: await observe(async () => {
      const record = await readRecord(aws, dns);
      if (record === undefined) throw new NothingKnown(`there is no zone ${dns.zoneId}`);
      return record.target;
    }),
  }));
}
