export { AwsClients } from '../../activities/aws/clients';
export { secretsFrom } from '../../activities/secrets/sources';
export { examineEstate, examineFile } from './examine-estate';
export { examineTemporal } from './examine-temporal';
