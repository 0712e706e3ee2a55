export { examineEstate, examineFile } from './examine-estate';
export { examineTemporal } from './examine-temporal';
export { openSecrets } from './open-secrets';
