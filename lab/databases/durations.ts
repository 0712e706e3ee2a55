/** How long RDS takes, in seconds of the emulated world [A §5, §10]. */
export const SECONDS = {
  create: 300,
  replicaSameRegion: 1500,
  replicaCrossRegion: 2280,
  /** The source of a cross-Region replica is `modifying` while its snapshot is taken. */
  sourceOfReplica: 120,
  promote: 60,
  promotionReboot: 30,
  backup: 120,
  modify: 60,
  modifyMultiAz: 600,
  rename: 600,
  /** After a rename the freed identifier still answers DBInstanceAlreadyExists for a while. */
  freedName: 120,
  reboot: 60,
  stop: 180,
  start: 300,
  delete: 180,
  snapshot: 180,
  /** The instance or cluster is `backing-up` for the first part of its snapshot. */
  instanceInSnapshot: 90,
  copySameRegion: 120,
  copyCrossRegion: 600,
  /** A new cluster, which has no instance yet. */
  cluster: 120,
  restore: 900,
  deleteSnapshot: 10,
  /** A stopped instance starts by itself after seven days [A §5.2]. */
  stopped: 7 * 86_400,
  /** Right after a call a Describe may still show the former status [A §5.2]. */
  staleRead: 5,
  /** An idle writer commits this often by itself, which bounds the lag that its replicas report. */
  heartbeat: 300,
  metric: 60,
} as const;

export const QUOTAS = {
  instances: 40,
  clusters: 40,
  manualSnapshots: 100,
  /** Into one destination Region per account, of instances and of clusters each [A §5.1]. */
  copiesInProgress: 20,
  replicasPerSource: 15,
  sharedWith: 20,
} as const;
