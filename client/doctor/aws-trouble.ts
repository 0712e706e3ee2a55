/** What to do about a call of AWS that was refused, or that could not even be sent. */
export function remedyFor(error: unknown, region: string): string {
  const name = nameOf(error);
  if (lacksCredentials(error)) {
    return 'Give credentials: AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or an instance role.';
  }
  if (/Token|Signature|AccessDenied|AccessKey|Unrecognized/.test(name)) {
    return 'The credentials are refused: renew them, and check the clock of this machine.';
  }
  return `Check AWS_ENDPOINT_URL, whether ${region} is enabled for the account, and AWS’s own status page.`;
}

/** Nothing was sent: nobody here has any. */
export function lacksCredentials(error: unknown): boolean {
  return nameOf(error) === 'CredentialsProviderError';
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'error';
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
