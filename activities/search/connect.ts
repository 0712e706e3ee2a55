import type { SearchServer } from '../../workflows/plan/instance';
import type { Dependencies } from '../dependencies';
import { resolveLogin } from '../secrets/login';
import { SearchClient } from './client';

/** @throws NeedsPerson when the password cannot be read */
export async function connectSearch({ secrets }: Dependencies, server: SearchServer): Promise<SearchClient> {
  const { credentials } = server;
  const login = credentials === undefined ? undefined : await resolveLogin(secrets, credentials);
  return new SearchClient(server, login);
}
