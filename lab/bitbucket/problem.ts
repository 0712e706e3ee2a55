/** A refusal in Bitbucket's own shape [B §3]. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly exceptionName: string,
    readonly context: string | null = null,
  ) {
    super(message);
  }

  get body(): object {
    return {
      errors: [{ context: this.context, message: this.message, exceptionName: this.exceptionName }],
    };
  }
}

/** The node cannot serve anybody right now: HTTP 503. */
export class Unavailable extends Problem {
  constructor(message: string) {
    super(503, message, 'com.atlassian.bitbucket.ServiceUnavailableException');
  }
}

export function notFound(what: string, exceptionName: string): Problem {
  return new Problem(404, `${what} does not exist.`, `com.atlassian.bitbucket.${exceptionName}`);
}

export function conflict(message: string, exceptionName = 'IllegalEntityStateException'): Problem {
  return new Problem(409, message, `com.atlassian.bitbucket.${exceptionName}`);
}

export function badRequest(message: string, context: string | null = null): Problem {
  return new Problem(400, message, 'com.atlassian.bitbucket.validation.ArgumentValidationException', context);
}

export function unauthorised(
  message = 'Authentication failed. Please check your credentials and try again.',
): Problem {
  return new Problem(401, message, 'com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException');
}

/** `status`: 401 where the reference documents no 403, 403 elsewhere. */
export function forbidden(status: 401 | 403): Problem {
  return new Problem(
    status,
    'You are not permitted to access this resource',
    'com.atlassian.bitbucket.AuthorisationException',
  );
}

/** Anything thrown, as a refusal: what is no Problem means that the database or the home did not do its part. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Unavailable(error instanceof Error ? error.message : String(error));
}
