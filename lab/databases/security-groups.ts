/** Which security groups let somebody in. A group that nobody has spoken of is open. */
export class SecurityGroups {
  private readonly closed = new Set<string>();

  set(region: string, groupId: string, open: boolean): void {
    if (open) this.closed.delete(`${region}/${groupId}`);
    else this.closed.add(`${region}/${groupId}`);
  }

  /** Rules of several groups add up: closed only when every one is. */
  letIn(region: string, groups: readonly string[]): boolean {
    return groups.length === 0 || groups.some((group) => !this.closed.has(`${region}/${group}`));
  }
}
