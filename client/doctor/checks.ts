export { AwsClients } from '../../activities/aws/clients';
export { secretsFrom } from '../../activities/secrets/sources';
export { examineEstate, examineFile, instancesOf } from './examine-estate';
export { examineTemporal } from './examine-temporal';
export { judgePlacement } from './placement';
