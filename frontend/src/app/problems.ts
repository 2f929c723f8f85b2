import { HttpErrorResponse } from "@angular/common/http";

import { Messages } from "./i18n/fr";
import { Problem } from "./api/models";

/** What went wrong, for a person: one sentence, and what is wrong with each field of a form. */
export interface Failure {
  status: number;
  detail: string;
  fields: Readonly<Record<string, string>>;
}

/** The failure that *error* is: the API's problem details, no answer at all, or anything else. */
export function failure(error: unknown, text: Messages["errors"]): Failure {
  const response = error instanceof Error && error.cause instanceof HttpErrorResponse ? error.cause : error;
  if (!(response instanceof HttpErrorResponse)) {
    return { status: 0, detail: text.unknown, fields: {} };
  }
  if (response.status === 0) {
    return { status: 0, detail: text.offline, fields: {} };
  }
  if (response.status === 429) {
    const seconds = Number(response.headers.get("Retry-After") ?? 60);
    return { status: 429, detail: text.tooMany(Math.ceil(seconds / 60)), fields: {} };
  }
  const problem = parse(response.error);
  const fields: Record<string, string> = {};
  for (const { pointer, detail } of problem?.errors ?? []) {
    const name = pointer?.split("/")[1];
    if (name) {
      fields[name] ??= detail;
    }
  }
  return { status: response.status, detail: problem?.detail ?? text.unknown, fields };
}

function parse(body: unknown): Problem | null {
  try {
    const value: unknown = typeof body === "string" ? JSON.parse(body) : body;
    return typeof value === "object" && value !== null && "detail" in value ? (value as Problem) : null;
  } catch {
    return null;
  }
}
