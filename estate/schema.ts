import { z } from 'zod';
import { publicKey } from './public-key';
import { duration } from './duration';
import { policyOf, policyOverrideSchema, timeZone } from './policy-schema';
import { REFERENCE_HELP, parseSecretReference } from './secrets';

const text = z.string().min(1, 'must not be empty');
const path = z.string().regex(/^\//, 'write an absolute path');
const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'write a region such as eu-central-1');
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'write lower case letters, digits and hyphens, e.g. bitbucket-prod');

const httpUrl = z
  .url({ protocol: /^https?$/, error: 'write an address such as https://bitbucket.example.com' })
  .transform((url) => url.replace(/\/+$/, ''));

/** A name under which a secret is found, never the secret. The value is not repeated in the message. */
const secret = z
  .string()
  .refine(
    (value) => parseSecretReference(value) !== undefined,
    `must be the reference of a secret, never the secret itself. ${REFERENCE_HELP}`,
  );

const credentials = z.strictObject({
  username: text.describe('The user, in plain text.'),
  password: secret.describe(REFERENCE_HELP),
});

const volume = z
  .strictObject({
    device: path.describe('Device under which the volume is attached, e.g. /dev/xvdf.'),
    mountPoint: path,
    type: z
      .literal(['gp3', 'gp2', 'io2', 'io1', 'st1', 'sc1', 'standard'])
      .prefault('gp3')
      .describe('EBS volume type of volumes that are created.'),
    iops: z
      .int()
      .min(100, { error: 'must be at least 100', abort: true })
      .optional()
      .describe('IOPS of volumes that are created: needed for io1 and io2, possible for gp3.'),
    throughput: z
      .int()
      .min(125, { error: 'must be at least 125', abort: true })
      .optional()
      .describe('MiB/s of volumes that are created; gp3 only.'),
  })
  .superRefine(({ type, iops, throughput }, context) => {
    const refuse = (member: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [member], message });
    const provisioned = type === 'io1' || type === 'io2';
    if (provisioned && iops === undefined)
      refuse('iops', `a volume of type ${type} cannot be created without a number`);
    if (!provisioned && type !== 'gp3' && iops !== undefined)
      refuse('iops', `only io1, io2 and gp3 take a number, ${type} goes by its size: leave it out`);
    if (type === 'gp3' && iops !== undefined && iops < 3000) refuse('iops', 'gp3 has 3000 at least');
    if (type !== 'gp3' && throughput !== undefined) refuse('throughput', 'only gp3 takes one: leave it out');
  });

/** Characters of a tag's value. Each snapshot carries the names of its whole set, with commas between them. */
const LONGEST_TAG = 256;

const volumeName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    'write letters, digits, dots, hyphens and underscores, e.g. store-1',
  );

const fileServer = z.strictObject({
  instanceId: text,
  sharedHome: path.prefault('/media/atl/bitbucket/shared'),
  exportPath: path
    .prefault('/media/atl/bitbucket/shared')
    .describe('Directory that is exported to the nodes.'),
  exportTo: text.describe('Clients and options of the export, e.g. 10.0.0.0/16(rw,sync,no_root_squash).'),
  owner: text.prefault('bitbucket').describe('User that owns the shared home.'),
  volumes: z
    .record(volumeName, volume)
    .refine((volumes) => Object.hasOwn(volumes, 'home'), 'a volume named home is missing')
    .refine(
      (volumes) => Object.keys(volumes).join(',').length <= LONGEST_TAG,
      `their names are longer together than the ${LONGEST_TAG} characters of a tag: shorten them`,
    )
    .describe('By name: home, and one per data store.'),
});

const database = z.strictObject({
  id: text.describe('DB instance identifier; of the writer, where it is a cluster.'),
  cluster: text
    .optional()
    .describe('DB cluster identifier, where it is Aurora: backups are then cluster snapshots.'),
  multiAz: z.boolean().prefault(true),
  backupRetentionDays: z.int().min(1).max(35).prefault(7).describe('1 to 35 days. 0 would forbid replicas.'),
  deletionProtection: z.boolean().prefault(true),
  parameterGroup: text.optional(),
  securityGroups: z.array(text).min(1, 'name the security groups of the DB instance'),
});

const stack = z.strictObject({
  name: text.describe('CloudFormation stack.'),
  propertiesParameter: text
    .prefault('BitbucketProperties')
    .describe('Stack parameter that becomes bitbucket.properties at each boot.'),
});

/** What a search server takes in its paths without a second meaning. */
const searchName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]*$/, 'write lower case letters, digits, dots, hyphens and underscores');

const search = z
  .strictObject({
    url: httpUrl.describe('OpenSearch or Elasticsearch, as the worker reaches it.'),
    repository: searchName.describe('Snapshot repository; registered there, with a store that outlives it.'),
    index: searchName.prefault('bitbucket-search-v1').describe('The index itself, not an alias.'),
    credentials: credentials.optional().describe('Basic authentication; may use index and snapshots.'),
  })
  .describe('With it backups hold the search index as well; otherwise a restore builds it anew.');

const port = z.int().min(1).max(65535).prefault(7990);

const site = z
  .strictObject({
    region,
    stack,
    nodes: z.strictObject({
      autoScalingGroup: text,
      count: z.int().min(1).describe('Nodes that this site runs when it is the active one.'),
      port,
    }),
    fileServer,
    database,
    loadBalancer: z.strictObject({ kind: z.literal('classic').prefault('classic'), name: text }),
    alarms: z.array(text).prefault([]).describe('CloudWatch alarms that scale or replace nodes.'),
    search: search.optional(),
  })
  .describe('Which site is active is observed, never configured.');

const drill = z
  .strictObject({
    region: region.describe('Of one of the sites: backups are nowhere else.'),
    stack,
    nodes: z.strictObject({
      autoScalingGroup: text.describe('Has 0 nodes; the stack configures them for the parts below.'),
      port,
    }),
    fileServer: fileServer.describe('Nothing is attached to it but while a backup is tried.'),
    database: z.strictObject({
      id: text.describe('DB instance that is created and deleted; nobody else uses the name.'),
      cluster: text
        .optional()
        .describe('DB cluster that is created and deleted with it, where the backups are of Aurora.'),
      instanceClass: text.optional().describe('Otherwise that of the database that was backed up.'),
      subnetGroup: text,
      parameterGroup: text.optional(),
      securityGroups: z.array(text).min(1, 'name security groups that let the drill nodes in'),
    }),
  })
  .describe('Where backups are tried out: shaped like a site, and no part of the service.');

const backup = z
  .strictObject({
    store: z
      .strictObject({
        bucket: text.describe('S3 bucket of the manifests; versioning and object lock are worth having.'),
        region: region.describe(
          'Best one that no site is in: with the region the list of its backups would be lost.',
        ),
        prefix: text
          .regex(/^[^/].*\/$/, 'must end with a slash and not begin with one')
          .prefault('runbooks/')
          .describe('Before the names of all objects.'),
      })
      .describe('Where manifests and records are written.'),
    copies: z
      .array(
        z.strictObject({
          site: text.describe('Name of a site; the one that is backed up is left out by itself.'),
          kmsKeyId: text
            .optional()
            .describe("Key there; otherwise EBS's default key, and none for the database."),
        }),
      )
      .prefault([])
      .describe('Where every backup is copied to.'),
    vaults: z
      .array(
        z.strictObject({
          name: text.describe('As people read it, e.g. archive; no site has the same.'),
          site: text.describe('Name of a site: what is there is copied, within its region.'),
          account: z
            .string()
            .regex(/^\d{12}$/, 'write the twelve digits of the account, in quotes')
            .describe('Another AWS account.'),
          role: z
            .string()
            .regex(/^arn:aws[^:]*:iam::\d{12}:role\/\S+$/, 'write the ARN of a role')
            .describe('Role of that account that the worker takes on.'),
          kmsKeyId: text.describe('Key of that account for the copies.'),
        }),
      )
      .prefault([])
      .describe('Other accounts that get every backup, out of reach of whoever takes over this one.'),
    mesh: z
      .literal('elsewhere')
      .optional()
      .describe(
        'Repositories on Mesh nodes are backed up by other means; otherwise such an instance is refused.',
      ),
    drill: drill.optional(),
  })
  .describe('Without it `backup` refuses.');

const schedule = z.strictObject({
  runbook: text.describe('What is started, e.g. backup.'),
  cron: z
    .string()
    .regex(/^\S+( \S+){4}$/, 'write five fields: minute, hour, day of the month, month, day of the week')
    .describe('When, by the clocks of the time zone, e.g. "5 * * * *".'),
  timeZone: timeZone.prefault('UTC'),
  jitter: duration.prefault('0s').describe('Each start is put off by a random time up to this.'),
  catchUp: duration
    .refine((seconds) => seconds >= 10, 'must be at least 10s')
    .prefault('10m')
    .describe('A start that the server missed is made up for, if it is no older than this.'),
  overlap: z
    .literal(['skip', 'bufferOne'])
    .prefault('skip')
    .describe('When the run before has not ended: leave this one out, or start it afterwards.'),
  input: z.record(text, z.json()).prefault({}).describe('Further members of the input of the runbook.'),
});

const instance = z.strictObject({
  url: httpUrl.describe('What users type; stays the same across a failover.'),
  dns: z.strictObject({
    zoneId: text.describe('Route 53 hosted zone.'),
    name: text
      .transform((record) => record.replace(/\.$/, ''))
      .describe('Record that points to the live load balancer.'),
    ttlSeconds: z.int().min(1).prefault(60),
    resolvers: z.array(text).prefault([]).describe('host or host:port; empty means those of the system.'),
  }),
  credentials: z.strictObject({
    administrator: credentials.describe('System administrator for REST calls.'),
    probe: credentials.describe('Ordinary user that clones from and pushes to the probe repository.'),
    database: credentials.describe("Owner of Bitbucket's database."),
  }),
  probeRepository: z.strictObject({ project: text, slug: text }),
  databaseName: text.prefault('bitbucket'),
  sites: z
    .record(name, site)
    .refine((sites) => Object.keys(sites).length > 0, 'describe at least one site')
    .describe('By name.'),
  mirrors: z
    .record(name, z.strictObject({ url: httpUrl }))
    .prefault({})
    .describe('By name.'),
  backup: backup.optional(),
  schedules: z
    .record(name, schedule)
    .prefault({})
    .describe('By name: what is started by itself; `runbooks schedules apply` puts it into force.'),
  policy: policyOverrideSchema.optional().describe('What differs from the general policy.'),
});

const person = z.strictObject({
  name: text.describe('The name under which the person answers.'),
  roles: z.array(text).min(1, 'give at least one role, e.g. operator'),
  contact: text.optional().describe('Shown with what is asked, e.g. an address or a number.'),
  publicKey: publicKey
    .optional()
    .describe('Ed25519, as JWK or PEM: with it the person signs decisions; see `runbooks key create`.'),
});

/** Runs over the whole estate go by this name. */
const RESERVED = 'estate';

/** estate.yaml. Unknown keys are errors; every default is in here. */
export const estateSchema = z.strictObject({
  instances: z
    .record(
      name.refine(
        (given) => given !== RESERVED,
        `"${RESERVED}" stands for all instances: choose another name`,
      ),
      instance,
    )
    .refine((instances) => Object.keys(instances).length > 0, 'describe at least one instance')
    .describe('By name: what runbooks are started with.'),
  schedules: z
    .record(name, schedule)
    .prefault({})
    .describe('By name: what is started by itself for the estate as a whole, e.g. backupFleet.'),
  people: z
    .array(person)
    .prefault([])
    .superRefine((people, context) => {
      people.forEach(({ name: own, publicKey: key }, index) => {
        if (people.findIndex((other) => other.name === own) !== index) {
          context.addIssue({ code: 'custom', path: [index, 'name'], message: `"${own}" is listed twice` });
        }
        // One key under two names would count as two people.
        const owner = people.find((other) => key !== undefined && other.publicKey?.kid === key.kid);
        if (owner === undefined || owner === people[index]) return;
        const message = `is the key of ${owner.name} as well: each person has a key of their own`;
        context.addIssue({ code: 'custom', path: [index, 'publicKey'], message });
      });
    }),
  policy: policyOf.prefault({}),
  placement: z
    .strictObject({
      temporal: z
        .array(region)
        .prefault([])
        .describe('Regions in which the Temporal server is; it goes on while one of them stands.'),
    })
    .prefault({})
    .describe('Where the parts stand that a failover needs; `runbooks doctor` judges it.'),
});

/** The file as it is written. */
export type EstateInput = z.input<typeof estateSchema>;
/** The file as it is read: every default filled in, durations in seconds. */
export type Estate = z.output<typeof estateSchema>;
