/** Every workflow type that the worker serves; the exported name is the type that people type. */
export { drFailover } from './dr-failover';
export { instanceLease } from './instance-lease';
