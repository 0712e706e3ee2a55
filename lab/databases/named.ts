interface Named {
  readonly region: string;
  readonly id: string;
  readonly traits: { id: string };
}

/** Resources by region and identifier. Identifiers are kept in lower case, as RDS does. */
export class NamedResources<T extends Named> {
  private readonly resources = new Map<string, T>();
  /** Identifiers freed by a rename, and until when they are refused (virtual epoch ms). */
  private readonly freed = new Map<string, number>();

  add(resource: T): void {
    this.resources.set(nameKey(resource.region, resource.id), resource);
  }

  remove(resource: T): void {
    this.resources.delete(nameKey(resource.region, resource.id));
  }

  rename(resource: T, id: string, refusedUntil: number): void {
    this.remove(resource);
    this.freed.set(nameKey(resource.region, resource.id), refusedUntil);
    resource.traits.id = id;
    this.add(resource);
  }

  get(region: string, id: string): T | undefined {
    return this.resources.get(nameKey(region, id));
  }

  isTaken(region: string, id: string, now: number): boolean {
    return this.get(region, id) !== undefined || (this.freed.get(nameKey(region, id)) ?? 0) > now;
  }

  all(region?: string): readonly T[] {
    const all = [...this.resources.values()];
    return region === undefined ? all : all.filter((resource) => resource.region === region);
  }
}

export function nameKey(region: string, id: string): string {
  return `${region}/${id.toLowerCase()}`;
}
